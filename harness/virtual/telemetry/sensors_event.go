package telemetry

import (
	"fmt"
	"slices"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

// sensorsEvents are the events as the kit of Mint Browser 3.4.0 sends them, with its super properties (read by
// palant.info from the decompiled app; the kit's own fields from sa-sdk-android 3.2).
func sensorsEvents(b Batch, p *places, chain []string) []any {
	var events []any
	for i, e := range b.Events {
		events = append(events, sensorsEvent(b, i, e, p, chain))
	}
	return events
}

func sensorsEvent(b Batch, i int, e Event, p *places, chain []string) object {
	d := b.Device
	note := func(kind manifest.Kind, value, key string) {
		p.add(i, e, kind, value, append(slices.Clone(chain), fmt.Sprintf("json [%d].%s", i, key))...)
	}
	properties := object{
		{"$lib", "Android"}, {"$lib_version", "3.2.0"}, {"$app_version", d.AppVersion}, {"$device_id", d.AndroidID},
		{"$os", "Android"}, {"$os_version", d.Release}, {"$manufacturer", d.Manufacturer}, {"$model", d.Model},
		{"$screen_width", d.Width}, {"$screen_height", d.Height}, {"$carrier", ""}, {"$wifi", true}, {"$network_type", "WIFI"},
		{"$is_first_day", false},
		{"uuid", d.UUID}, {"internet_status", 1}, {"platform", "AndroidApp"}, {"miui_version", d.Incremental},
		{"miui_region", d.Region}, {"system_language", d.Language},
	}
	note(manifest.Identifier, d.AndroidID, "properties.$device_id")
	note(manifest.Identifier, d.UUID, "properties.uuid")
	for _, v := range e.Values {
		properties = append(properties, member{v.Key, v.Text})
		note(v.Kind, v.Text, "properties."+v.Key)
	}
	distinct := d.UUID
	event := object{
		{"_track_id", trackID(e)}, {"time", e.Time.UnixMilli()}, {"type", "track"},
	}
	if d.Account != "" {
		distinct = d.Account
		event = append(event, member{"login_id", d.Account})
		note(manifest.Identifier, d.Account, "login_id")
	}
	return append(event,
		member{"distinct_id", distinct}, member{"anonymous_id", d.UUID},
		member{"lib", object{
			{"$lib", "Android"}, {"$lib_version", "3.2.0"}, {"$app_version", d.AppVersion}, {"$lib_method", "code"},
			{"$lib_detail", "miui.globalbrowser.common_business.g.i##a##i.java##1"},
		}},
		member{"event", e.Name}, member{"properties", properties}, member{"_flush_time", b.Now.UnixMilli()})
}
