package apk

import (
	"crypto/sha1"
	"encoding/binary"
	"hash/adler32"
	"slices"
)

// dex writes a file that defines classes and nothing in them (source.android.com, Dalvik executable format).
func dex(classes []string) []byte {
	names := make([]string, 0, len(classes)+1)
	for _, c := range classes {
		names = append(names, "L"+c+";")
	}
	names = append(names, "Ljava/lang/Object;")
	slices.Sort(names)
	names = slices.Compact(names)
	super, _ := slices.BinarySearch(names, "Ljava/lang/Object;")

	const header = 0x70
	n := len(names)
	strings, types := header, header+4*n
	defs := types + 4*n
	data := defs + 32*(n-1)
	out := make([]byte, data)
	put := func(at, v int) { binary.LittleEndian.PutUint32(out[at:], uint32(v)) }
	row := 0
	for i := range names {
		put(types+4*i, i)
		if i == super {
			continue
		}
		for j, v := range []int{i, 1, super, 0, -1, 0, 0, 0} { // class, public, superclass, interfaces, source, annotations, data, values
			put(defs+32*row+4*j, v)
		}
		row++
	}
	for i, name := range names {
		put(strings+4*i, len(out))
		out = binary.AppendUvarint(out, uint64(len(name)))
		out = append(append(out, name...), 0)
	}
	copy(out, "dex\n035\x00")
	for at, v := range map[int]int{0x20: len(out), 0x24: header, 0x28: 0x12345678, 0x38: n, 0x3c: strings, 0x40: n, 0x44: types,
		0x60: n - 1, 0x64: defs, 0x68: len(out) - data, 0x6c: data} {
		put(at, v)
	}
	sum := sha1.Sum(out[32:])
	copy(out[12:], sum[:])
	put(8, int(adler32.Checksum(out[12:])))
	return out
}
