package apk

import (
	"encoding/asn1"
	"errors"
)

var errPKCS7 = errors.New("the JAR signature is broken")

// firstCertificate takes the first certificate out of a PKCS #7 file (RFC 2315: ContentInfo, SignedData). The structure
// is walked, not checked.
func firstCertificate(data []byte) ([]byte, error) {
	var info struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(data, &info); err != nil {
		return nil, errPKCS7
	}
	var signed asn1.RawValue
	if _, err := asn1.Unmarshal(info.Content.Bytes, &signed); err != nil || !signed.IsCompound {
		return nil, errPKCS7
	}
	for rest := signed.Bytes; len(rest) > 0; {
		var part asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &part); err != nil {
			return nil, errPKCS7
		}
		if part.Class == asn1.ClassContextSpecific && part.Tag == 0 {
			var first asn1.RawValue
			if _, err := asn1.Unmarshal(part.Bytes, &first); err != nil {
				return nil, errPKCS7
			}
			return first.FullBytes, nil
		}
	}
	return nil, errPKCS7
}
