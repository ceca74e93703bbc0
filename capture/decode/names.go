package decode

import "slices"

// envelope notes which of the names that known senders use stand side by side in an object or a form. Knowing the sender
// helps a reader; nothing is decoded because of it, except that an envelope known to be encrypted is reported even when
// what it holds is short.
type envelope uint32

const (
	hasDataList envelope = 1 << iota
	hasData
	hasGzip
	hasCRC
	hasEkey
	hasPayloads
	hasDistinctID
	hasProperties
	hasLib
	hasH
	hasB
	hasAppID
	hasInstanceID
	hasBatch
	hasEvent
	hasType
	hasSentAt
	hasResourceSpans
	hasSalt
)

// NameSalted is the name of an object or a form in which something calls itself a salt.
const NameSalted = "salted"

func (e *envelope) see(name []byte) {
	switch string(name) {
	case "data_list":
		*e |= hasDataList
	case "data":
		*e |= hasData
	case "gzip":
		*e |= hasGzip
	case "crc", "ext":
		*e |= hasCRC
	case "ekey":
		*e |= hasEkey
	case "payloads":
		*e |= hasPayloads
	case "distinct_id":
		*e |= hasDistinctID
	case "properties":
		*e |= hasProperties
	case "lib", "$lib":
		*e |= hasLib
	case "H":
		*e |= hasH
	case "B":
		*e |= hasB
	case "app_id":
		*e |= hasAppID
	case "instance_id":
		*e |= hasInstanceID
	case "batch", "events":
		*e |= hasBatch
	case "event":
		*e |= hasEvent
	case "type":
		*e |= hasType
	case "sentAt", "sent_at", "writeKey":
		*e |= hasSentAt
	case "resourceSpans", "resourceLogs", "resourceMetrics":
		*e |= hasResourceSpans
	case "salt", "Salt", "SALT", "_salt", "hash_salt", "hashSalt", "salt_value":
		*e |= hasSalt
	}
}

func (e envelope) all(want envelope) bool { return e&want == want }

// name is the sender that the names speak for.
func (e envelope) name() string {
	switch {
	case e.all(hasSalt):
		return NameSalted
	case e.all(hasEkey | hasPayloads):
		return "sensors-analytics (encrypted)"
	case e.all(hasDataList | hasGzip), e.all(hasData | hasGzip), e.all(hasDataList | hasCRC), e.all(hasDistinctID | hasProperties | hasLib):
		return "sensors-analytics"
	case e.all(hasH | hasB), e.all(hasAppID | hasInstanceID | hasEvent):
		return "onetrack"
	case e.all(hasResourceSpans):
		return "opentelemetry"
	case e.all(hasBatch | hasSentAt):
		return "batch"
	}
	return ""
}

// maxNames is how many named envelopes of one message are listed.
const maxNames = 16

// named lists an envelope that is known by name.
func (p *peeler) named(e *envelope, at *step, data []byte) {
	name := e.name()
	if name == "" {
		return
	}
	if e.all(hasEkey|hasPayloads) && p.muted == 0 && len(p.rep.Opaque) < maxOpaque {
		loc := at.location()
		// What was found unreadable inside is said by this.
		p.rep.Opaque = slices.DeleteFunc(p.rep.Opaque, func(o OpaquePart) bool { return len(o.Location) > len(loc) && o.Location[:len(loc)] == loc })
		p.rep.Opaque = append(p.rep.Opaque, OpaquePart{Location: loc, Reason: "encrypted: sensors-analytics", Bytes: len(data), Entropy: entropy(data)})
	}
	if len(p.rep.Names) >= maxNames {
		return
	}
	loc := "query"
	if at != nil {
		loc = at.location()
	}
	for _, n := range p.rep.Names {
		if n.Name == name {
			return
		}
	}
	p.rep.Names = append(p.rep.Names, Name{loc, name})
}
