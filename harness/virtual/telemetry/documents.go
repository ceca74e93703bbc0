package telemetry

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

// dataKey is the name under which a whole document is carried.
const dataKey = "d"

// documents make parts of a batch. The first word of each chain they note is the key of the part.
func documents() map[string]func(Batch, *places) (parts, error) {
	return map[string]func(Batch, *places) (parts, error){
		"json": jsonDocument, "ndjson": ndjsonDocument, "json-in-json": nestedDocument, "value": valueParts,
		"protobuf": protobufDocument, "msgpack": msgpackDocument, "cbor": cborDocument,
	}
}

// plainEvents are the events of the made-up formats: {"event","time","app","install","props":{...}}.
func plainEvents(b Batch, p *places, words ...string) []any {
	var events []any
	for i, e := range b.Events {
		note := func(kind manifest.Kind, value, place string) {
			p.add(i, e, kind, value, append(append([]string{dataKey}, words[:len(words)-1]...), fmt.Sprintf("%s [%d].%s", words[len(words)-1], i, place))...)
		}
		props := object{}
		note(manifest.Identifier, b.Device.UUID, "install")
		for _, v := range e.Values {
			props = append(props, member{v.Key, v.Text})
			note(v.Kind, v.Text, "props."+v.Key)
		}
		events = append(events, object{
			{"event", e.Name}, {"time", e.Time.UnixMilli()}, {"app", b.Device.Package}, {"install", b.Device.UUID}, {"props", props},
		})
	}
	return events
}

func jsonDocument(b Batch, p *places) (parts, error) {
	return parts{{dataKey, []byte(jsonText(plainEvents(b, p, "json"), plainSlash))}}, nil
}

func ndjsonDocument(b Batch, p *places) (parts, error) {
	var text strings.Builder
	for _, e := range plainEvents(b, p, "json lines") {
		writeJSON(&text, e, plainSlash)
		text.WriteByte('\n')
	}
	return parts{{dataKey, []byte(text.String())}}, nil
}

// nestedDocument puts a JSON text into a field of another.
func nestedDocument(b Batch, p *places) (parts, error) {
	inner := jsonText(plainEvents(b, p, "json data", "json"), plainSlash)
	outer := jsonText(object{{"v", 1}, {"sdk", "metrics"}, {"data", inner}}, plainSlash)
	return parts{{dataKey, []byte(outer)}}, nil
}

// valueParts carries each value under its own key, as it is.
func valueParts(b Batch, p *places) (parts, error) {
	var all parts
	for i, e := range b.Events {
		for _, v := range e.Values {
			all = append(all, part{v.Key, []byte(v.Text)})
			p.add(i, e, v.Kind, v.Text, v.Key)
		}
	}
	return all, nil
}

// protobufDocument is {1: app, 2: install, 3: {1: event, 2: time, 3: {1: key, 2: value} ...} ...}.
func protobufDocument(b Batch, p *places) (parts, error) {
	out := protoText(nil, 1, b.Device.Package)
	out = protoText(out, 2, b.Device.UUID)
	p.add(0, b.Events[0], manifest.Identifier, b.Device.UUID, dataKey, "protobuf 2")
	for i, e := range b.Events {
		event := protoText(nil, 1, e.Name)
		event = binary.AppendUvarint(append(event, 2<<3), uint64(e.Time.UnixMilli()))
		for k, v := range e.Values {
			event = protoText(event, 3, string(protoText(protoText(nil, 1, v.Key), 2, v.Text)))
			p.add(i, e, v.Kind, v.Text, dataKey, fmt.Sprintf("protobuf 3[%d].3[%d].2", i, k))
		}
		out = protoText(out, 3, string(event))
	}
	return parts{{dataKey, out}}, nil
}

// protoText appends a length-delimited field.
func protoText(b []byte, field int, text string) []byte {
	b = binary.AppendUvarint(b, uint64(field)<<3|2)
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func msgpackDocument(b Batch, p *places) (parts, error) {
	out, err := msgpack.Marshal(loose(plainEvents(b, p, "msgpack")))
	return parts{{dataKey, out}}, err
}

func cborDocument(b Batch, p *places) (parts, error) {
	out, err := cbor.Marshal(loose(plainEvents(b, p, "cbor")))
	return parts{{dataKey, out}}, err
}

// loose turns ordered objects into maps, for encoders that know no order.
func loose(v any) any {
	switch v := v.(type) {
	case object:
		m := map[string]any{}
		for _, e := range v {
			m[e.key] = loose(e.value)
		}
		return m
	case []any:
		all := make([]any, 0, len(v))
		for _, e := range v {
			all = append(all, loose(e))
		}
		return all
	}
	return v
}
