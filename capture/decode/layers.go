package decode

// Layer is one thing that can be peeled off, by the name it has in Value.Transforms.
type Layer struct{ Name, What string }

// Layers lists what can be peeled off, in the order of docs/encodings.md.
func Layers() []Layer {
	return []Layer{
		{"form", "name=value pairs with & between, percent and plus removed"},
		{"query", "the same after a question mark, in any text"},
		{"pairs", "name=value lists with other separators: matrix and header parameters, cookies inside values, lines, fields after exclamation marks as in addresses of Google Maps"},
		{"url", "host, path and fragment of a URL in a value"},
		{"label", "labels of a host name"},
		{"labels", "labels of a host name, joined"},
		{"percent", "percent-encoding, any number of times"},
		{"percent-u", "%uXXXX of JavaScript's escape()"},
		{"plus", "plus for space"},
		{"backslash", `escapes of string literals: \n \uXXXX \u{X} \xXX, octal`},
		{"html-entities", "entities of HTML and XML, named and numeric"},
		{"quoted-printable", "RFC 2045"},
		{"latin-1", "bytes that were taken for Latin-1 and written as UTF-8"},
		{"full-width", "wide letters and digits, as East Asian keyboards give them, for those of ASCII"},
		{"utf-16le", "UTF-16, little end first"},
		{"utf-16be", "UTF-16, big end first"},
		{"gb18030", "GB2312, GBK, GB18030"},
		{"json", "JSON and its looser relatives; several after each other; inside other text; in strings, to any depth"},
		{"line", "lines between JSON documents"},
		{"byte-array", "bytes as a list of numbers, signed or not, in JSON or out of it, or as an object by index"},
		{"letters", "strings of one letter each in a list of JSON, joined"},
		{"xml", "texts, attributes, CDATA and comments of XML and HTML"},
		{"multipart", "multipart bodies, with the encodings of each part"},
		{"part-header", "headers of a part"},
		{"base64", "standard alphabet, with or without padding, wrapped, pieces one after another, spaces in place of plus signs, up to three stray letters before, or more; other signs for + / ="},
		{"alphabet", "base64 with its letters in another order that is in use; reported as disguised too"},
		{"base64url", "the alphabet for URLs"},
		{"jwt", "header and claims of JSON web tokens"},
		{"reversed", "base64 written backwards"},
		{"base32", "RFC 4648"},
		{"base32hex", "RFC 4648, the other alphabet"},
		{"ascii85", "btoa and Adobe"},
		{"z85", "ZeroMQ RFC 32"},
		{"base85", "RFC 1924, as git and Python write it"},
		{"base58", "Bitcoin's alphabet, up to 1024 letters"},
		{"hex", "plain, with separators, or after 0x"},
		{"lz-string", "compressToBase64, compressToEncodedURIComponent and compressToUTF16"},
		{"gzip", "with or without a header that says so, several members, at any place in other bytes"},
		{"zlib", "the same"},
		{"deflate", "raw, or zlib where a header says deflate"},
		{"zstd", ""},
		{"brotli", "with a header, or when all of a value is"},
		{"snappy", "framed, raw, and in blocks as snappy-java writes it"},
		{"lz4", "framed, raw, and in blocks as lz4-java and Mozilla write it"},
		{"bzip2", ""},
		{"zip", "files of an archive"},
		{"tar", "files of an archive, ustar"},
		{"protobuf", "without a schema: text, bytes, nested and packed; one message or several with lengths"},
		{"grpc", "frames of gRPC and grpc-web"},
		{"thrift", "binary and compact, calls and bare structs"},
		{"msgpack", ""},
		{"cbor", "with lengths left open"},
		{"bson", ""},
		{"bplist", "binary property lists"},
		{"avro", "object container files; bare records are searched as they lie"},
		{"mqtt", "what a client sends, MQTT 3.1 to 5"},
		{"dns", "queries, as DNS over HTTPS sends them"},
		{"websocket", "a raw client stream: masks removed, permessage-deflate with its context"},
		{"strings", "text in bytes of an unknown format"},
		{"rot13", "reported as disguised too"},
		{"caesar", "letters shifted by another number; reported as disguised too"},
		{"offset", "JSON with a number added to all its bytes; reported as disguised too"},
		{"nibbles", "JSON with the halves of all its bytes exchanged; reported as disguised too"},
		{"xor", "all bytes combined with one; reported as disguised too"},
	}
}

// hidden says whether a value is inside the layer that Limits.Off leaves out.
func (p *peeler) hidden(at *step) bool {
	for ; at != nil; at = at.up {
		if at.op == p.limits.Off {
			return true
		}
	}
	return false
}
