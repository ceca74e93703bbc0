package apk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

var errDex = errors.New("not a dex file, or a broken one")

// Places in the header of a dex file (source.android.com, Dalvik executable format).
const (
	dexHeader  = 0x70
	stringIDs  = 0x38 // size, offset
	typeIDs    = 0x40
	classDefs  = 0x60
	classWidth = 32
)

// maxClasses is more than a dex file can hold: type indices have 16 bits.
const maxClasses = 1 << 16

// classes lists the classes that a dex file defines, as "com/example/Name".
func classes(dex []byte) ([]string, error) {
	if len(dex) < dexHeader || !bytes.HasPrefix(dex, []byte("dex\n")) || dex[7] != 0 {
		return nil, errDex
	}
	table := func(at, width int) (offset, n int, err error) {
		n, offset = int(word(dex, at)), int(word(dex, at+4))
		if offset > len(dex) || n > (len(dex)-offset)/width {
			return 0, 0, fmt.Errorf("%w: a table at %d with %d rows", errDex, offset, n)
		}
		return offset, n, nil
	}
	strings, nStrings, err := table(stringIDs, 4)
	if err != nil {
		return nil, err
	}
	types, nTypes, err := table(typeIDs, 4)
	if err != nil {
		return nil, err
	}
	defs, nDefs, err := table(classDefs, classWidth)
	if err != nil {
		return nil, err
	}
	if nDefs > maxClasses {
		return nil, fmt.Errorf("%w: %d classes", errDex, nDefs)
	}
	out := make([]string, 0, nDefs)
	for i := range nDefs {
		kind := int(word(dex, defs+i*classWidth))
		if kind >= nTypes {
			return nil, fmt.Errorf("%w: type %d of %d", errDex, kind, nTypes)
		}
		text := int(word(dex, types+4*kind))
		if text >= nStrings {
			return nil, fmt.Errorf("%w: string %d of %d", errDex, text, nStrings)
		}
		name, err := descriptor(dex, int(word(dex, strings+4*text)))
		if err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

// maxName bounds the name of a class.
const maxName = 1 << 12

// descriptor reads "Lcom/example/Name;" at an offset: a length that is not needed, then bytes up to a zero.
func descriptor(dex []byte, at int) (string, error) {
	if at >= len(dex) {
		return "", errDex
	}
	_, n := binary.Uvarint(dex[at:min(len(dex), at+binary.MaxVarintLen32)])
	if n <= 0 {
		return "", errDex
	}
	text := dex[at+n : min(len(dex), at+n+maxName)]
	end := bytes.IndexByte(text, 0)
	if end < 3 || text[0] != 'L' || text[end-1] != ';' {
		return "", fmt.Errorf("%w: the name of a class", errDex)
	}
	return string(text[1 : end-1]), nil
}

func word(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
