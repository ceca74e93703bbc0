package decode

import "testing"

// fuzzLayer runs one decoder alone on any bytes: it must end within the limits.
func fuzzLayer(f *testing.F, peel func(p *peeler, at *step, data []byte)) {
	f.Helper()
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		values := 0
		p := &peeler{seen: map[sum]bool{}, quiet: quietBody, limits: Limits{Depth: 8, Nodes: 5000, Bytes: 1 << 20, Ratio: 50}}
		p.visit = func(v *Value) bool {
			values++
			_ = v.Location()
			return true
		}
		peel(p, p.mk(step{op: "body", part: true}), data)
		if values > p.limits.Nodes {
			t.Errorf("%d values", values)
		}
		if p.bytes > p.limits.Bytes {
			t.Errorf("%d bytes were put out", p.bytes)
		}
		if p.depth != 0 {
			t.Errorf("depth is %d after the end", p.depth)
		}
	})
}

func walkWith(op string, read func(*walk, []byte) bool) func(*peeler, *step, []byte) {
	return func(p *peeler, at *step, data []byte) { p.walked(at, data, op, read) }
}

func FuzzJSON(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.jsonText(at, b); p.embeddedJSON(at, b) })
}
func FuzzForm(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.formBody(at, b); p.pairs(at, b, maskOf(b)) })
}
func FuzzURL(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.url(at, b); p.target("POST", string(b)) })
}
func FuzzMarkup(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.markup(at, b) })
}
func FuzzMultipart(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.multipart(at, b) })
}
func FuzzEscapes(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.unescape(at, b, ^mask(0), false) })
}
func FuzzBase64(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		p.base64Text(at, b, maskOf(b))
		p.runs(at, b)
		p.reversed(at, b)
	})
}
func FuzzBaseN(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		p.hexText(at, b, maskOf(b))
		p.base32Text(at, b, maskOf(b))
		p.base85Text(at, b, mTilde)
	})
}
func FuzzLZString(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		p.lzText(at, b)
		p.lzWide(at, b)
		manyScripts(b)
	})
}
func FuzzJWT(f *testing.F) { fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.jwt(at, b) }) }
func FuzzCompressed(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		for _, name := range []string{"gzip", "zlib", "deflate", "zstd", "brotli", "snappy", "snappy-raw", "snappy-java", "lz4", "lz4-raw", "bzip2"} {
			_, _ = p.inflate(name, b)
		}
		p.unlabelled(at, b)
	})
}
func FuzzCharset(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		p.wide(at, b)
		p.latin1(at, b)
		p.gb18030(at, b)
	})
}
func FuzzProtobuf(f *testing.F) { fuzzLayer(f, walkWith("protobuf", (*walk).protobufAll)) }
func FuzzMsgpack(f *testing.F)  { fuzzLayer(f, walkWith("msgpack", (*walk).msgpackAll)) }
func FuzzCBOR(f *testing.F)     { fuzzLayer(f, walkWith("cbor", (*walk).cborAll)) }
func FuzzThrift(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		p.thriftMessage(at, b)
		p.walked(at, b, "thrift", (*walk).thriftStruct)
	})
}
func FuzzBSON(f *testing.F)  { fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.bson(at, b) }) }
func FuzzPlist(f *testing.F) { fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.plist(at, b) }) }
func FuzzAvro(f *testing.F)  { fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.avroFile(at, b) }) }
func FuzzZip(f *testing.F)   { fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.archive(at, b) }) }
func FuzzGRPC(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		p.grpc(at, b, hints{contentType: "application/grpc-web-text", grpc: "gzip"})
		p.grpcFrames(at, b, "gzip")
	})
}
func FuzzMQTT(f *testing.F) { fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.mqtt(at, b) }) }
func FuzzDNS(f *testing.F)  { fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.dns(at, b) }) }
func FuzzWebSocket(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.upgraded(at, b) })
}
func FuzzInside(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		p.inside(at, b, maskOf(b))
		p.xored(at, b, commonestOf(b))
		p.shifted(at, b)
	})
}
func FuzzOtherBase64(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.otherBase64(at, b, maskOf(b)); p.fullWidth(b) })
}
func FuzzLastTries(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		p.lastTries(at, b)
		if len(b) >= minXOR {
			p.turned(at, b)
		}
	})
}
func FuzzBlocks(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.blocks(at, b) })
}
func FuzzTar(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) { p.tar(at, b) })
}
func FuzzMarked(f *testing.F) {
	fuzzLayer(f, func(p *peeler, at *step, b []byte) {
		if len(b) > 4 {
			p.marked(at, b)
		}
	})
}
