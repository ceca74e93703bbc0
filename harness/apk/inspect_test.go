package apk

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	virtual "github.com/telltale-farm/telltale/harness/virtual/apk"
)

// build makes a package by the hand of the virtual phones, which share no code with this reader.
func build(t testing.TB, signer string, classes ...string) []byte {
	t.Helper()
	data, err := virtual.Build(virtual.Options{Package: "com.example", Version: "1", Signer: signer, Classes: classes})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func inspect(data []byte) (Facts, error) { return Inspect(bytes.NewReader(data), int64(len(data))) }

func TestInspect(t *testing.T) {
	for _, c := range []struct {
		name    string
		classes []string
		want    []string
	}{
		{"kits", []string{"com/sensorsdata/analytics/android/sdk/SensorsDataAPI", "com/xiaomi/onetrack/OneTrack", "com/example/Main"}, []string{"Sensors Analytics", "Xiaomi OneTrack"}},
		{"the same kit twice", []string{"com/umeng/analytics/A", "com/umeng/commonsdk/B"}, []string{"Umeng"}},
		{"a name that only begins like a kit's", []string{"com/adjust/sdkless/A", "com/appsflyerish/A"}, nil},
		{"none", []string{"com/example/Main"}, nil},
		{"no class", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := inspect(build(t, "a maker", c.classes...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Kits); diff != "" || got.Classes != len(c.classes) {
				t.Errorf("%d classes\n%s", got.Classes, diff)
			}
			if got.Scheme != 2 || len(got.Signers) != 1 || got.Signers[0].Subject != "CN=a maker" || len(got.Signers[0].SHA256) != 64 {
				t.Errorf("signers %+v", got)
			}
		})
	}
	a, _ := inspect(build(t, "a maker"))
	b, _ := inspect(build(t, "another"))
	if a.Signers[0].SHA256 == b.Signers[0].SHA256 {
		t.Error("two makers have one certificate")
	}
}

// testdata/jar-signed.zip was made with keytool and jarsigner of OpenJDK: CN=Jar Maker, RSA. The digest of its
// certificate is what `keytool -printcert -jarfile` prints.
func TestSignedAsAJAR(t *testing.T) {
	data, err := os.ReadFile("testdata/jar-signed.zip")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("testdata/jar-signed.sha256")
	if err != nil {
		t.Fatal(err)
	}
	got, err := inspect(data)
	want := []Signer{{SHA256: strings.TrimSpace(string(sum)), Subject: "CN=Jar Maker"}}
	if diff := cmp.Diff(want, got.Signers); err != nil || diff != "" || got.Scheme != 1 {
		t.Errorf("%v, scheme %d\n%s", err, got.Scheme, diff)
	}
}

func TestBroken(t *testing.T) {
	good := build(t, "a maker", "com/example/Main")
	for name, change := range map[string]func([]byte) []byte{
		"not an archive": func([]byte) []byte { return []byte("PK") },
		"cut":            func(b []byte) []byte { return b[:len(b)-30] },
		"a block that is too long": func(b []byte) []byte {
			at := bytes.Index(b, []byte(blockMagic))
			binary.LittleEndian.PutUint64(b[at-8:], 1<<40)
			return b
		},
		"a signer that is too long": func(b []byte) []byte {
			at := bytes.Index(b, []byte{0x1a, 0x87, 0x09, 0x71})
			binary.LittleEndian.PutUint32(b[at+4:], 1<<31)
			return b
		},
		"no dex file": func([]byte) []byte { return packed(t, "classes.dex", []byte("dex\n035\x00")) },
		"a dex file with more rows than bytes": func([]byte) []byte {
			dex := make([]byte, dexHeader)
			copy(dex, "dex\n035\x00")
			binary.LittleEndian.PutUint32(dex[stringIDs:], 1<<30)
			return packed(t, "classes.dex", dex)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := inspect(change(bytes.Clone(good))); err == nil {
				t.Errorf("%+v", got)
			}
		})
	}
	if got, err := inspect(packed(t, "res/x", nil)); err != nil || got.Scheme != 0 || len(got.Signers) > 0 {
		t.Errorf("without a signature: %+v, %v", got, err)
	}
}

// A package of half a gigabyte may be all directory: it is read no further than the bound, and nothing is made of it.
func TestALongDirectory(t *testing.T) {
	row := make([]byte, 46)
	copy(row, "PK\x01\x02")
	for _, tt := range []struct {
		name string
		rows int
		want error
	}{{"as long as may be", 1000, nil}, {"longer", maxDirectory/len(row) + 1, errDirectory}} {
		end := make([]byte, endRecord)
		copy(end, "PK\x05\x06")
		binary.LittleEndian.PutUint16(end[8:], uint16(tt.rows))
		binary.LittleEndian.PutUint16(end[10:], uint16(tt.rows))
		binary.LittleEndian.PutUint32(end[12:], uint32(tt.rows*len(row)))
		if _, err := inspect(append(bytes.Repeat(row, tt.rows), end...)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func packed(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzInspect(f *testing.F) {
	f.Add(build(f, "a maker", "com/example/Main"))
	if data, err := os.ReadFile("testdata/jar-signed.zip"); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := inspect(data)
		if err == nil && len(got.Signers) > 0 && got.Scheme == 0 {
			t.Fatalf("%+v", got)
		}
	})
}

func FuzzDex(f *testing.F) {
	data := build(f, "a maker", "com/example/Main", "com/umeng/analytics/A")
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range archive.File {
		if dex, err := contents(e, maxDex); err == nil {
			f.Add(dex)
		}
	}
	f.Fuzz(func(t *testing.T, dex []byte) {
		if names, err := classes(dex); err != nil && names != nil || len(names) > maxClasses {
			t.Fatalf("%d, %v", len(names), err)
		}
	})
}
