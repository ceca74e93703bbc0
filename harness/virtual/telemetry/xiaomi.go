package telemetry

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

func xiaomiEncodings() []Encoding {
	return []Encoding{
		{Name: "onetrack", Batch: 20, Readable: true, Encode: oneTrack},
		{Name: "mistat", Batch: 20, Readable: true, Encode: miStat},
	}
}

// oneTrack is the JSON array of OneTrack v4: a head and a body an event (as Xiaomi's own open-source client posts it to
// tracking.miui.com/track/v4/o).
func oneTrack(b Batch) (Request, error) {
	var p places
	var events []any
	for i, e := range b.Events {
		at := fmt.Sprintf("json [%d].", i)
		head := object{
			{"event", e.Name}, {"app_id", b.Device.Package}, {"instance_id", b.Device.UUID}, {"instance_id_type", "uuid"},
			{"uid", b.Device.Account}, {"uid_type", "xiaomi"}, {"e_ts", e.Time.UnixMilli()},
		}
		p.add(i, e, manifest.Identifier, b.Device.UUID, "body", at+"H.instance_id")
		p.add(i, e, manifest.Identifier, b.Device.Account, "body", at+"H.uid")
		body := object{{"model", b.Device.Model}, {"miui", b.Device.Incremental}, {"region", b.Device.Region}}
		for _, v := range e.Values {
			body = append(body, member{v.Key, v.Text})
			p.add(i, e, v.Kind, v.Text, "body", at+"B."+v.Key)
		}
		events = append(events, object{{"H", head}, {"B", body}})
	}
	return Request{
		Method: http.MethodPost, URL: b.URL, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		Body: []byte(jsonText(events, escapedSlash)), Carries: p.list,
	}, nil
}

// miStat is a form in the manner of MiStatistics: the app, a digest of the device, and the events as JSON in a field. The
// real kit's field names are not public; these are made up.
func miStat(b Batch) (Request, error) {
	var p places
	var events []any
	for i, e := range b.Events {
		var params []any
		for k, v := range e.Values {
			params = append(params, object{{"k", v.Key}, {"v", v.Text}})
			p.add(i, e, v.Kind, v.Text, "body", "form stat_value", fmt.Sprintf("json [%d].params[%d].v", i, k))
		}
		events = append(events, object{{"category", "event"}, {"key", e.Name}, {"ts", e.Time.UnixMilli()}, {"params", params}})
	}
	sum := sha1.Sum([]byte(b.Device.AndroidID))
	p.add(0, b.Events[0], manifest.Identifier, b.Device.AndroidID, "body", "form device_id", "sha1")
	body := "app_id=" + formPercent(b.Device.Package) + "&app_package=" + formPercent(b.Device.Package) +
		"&device_id=" + hex.EncodeToString(sum[:]) + "&version=" + formPercent(b.Device.AppVersion) +
		"&size=" + strconv.Itoa(len(events)) + "&stat_value=" + formPercent(jsonText(events, escapedSlash))
	return Request{Method: http.MethodPost, URL: b.URL, Header: formHeader(), Body: []byte(body), Carries: p.list}, nil
}
