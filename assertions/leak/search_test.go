package leak

import (
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

var (
	wantText   = Needle{"t", ValueText, "velvet okapi 7f3a91"}
	wantWide   = Needle{"w", ValueText, "zéphyr кукушка 7f3a91"}
	wantURL    = Needle{"u", ValueURL, "https://canary-5d20.example/path/7f3a91?q=a+b&lang=fr"}
	wantHost   = Needle{"h", ValueText, "canary-5d20.example"}
	wantUUID   = Needle{"i", ValueID, "5e77c02f-031a-4c9d-a1ff-cb2a6f40023c"}
	wantMAC    = Needle{"m", ValueID, "02:00:5e:10:ab:9f"}
	wantIMEI   = Needle{"n", ValueNumber, "867254269213547"}
	wantPhone  = Needle{"p", ValueNumber, "+8613912345678"}
	wantMarker = Needle{"k", ValueMarker, "com.android.settings"}
)

// classes gives class and last transform of each hit, in order.
func classesOf(hits []Hit) string {
	var out []string
	for _, h := range hits {
		s := h.Class
		if len(h.Transforms) > 0 {
			s += "/" + h.Transforms[len(h.Transforms)-1]
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestSearch(t *testing.T) {
	for _, c := range []struct {
		name   string
		needle Needle
		body   string
		want   string
	}{
		{"text", wantText, `say velvet okapi 7f3a91.`, "exact"},
		{"text inside a longer word", wantText, `velvet okapi 7f3a91e`, "exact"},
		{"text behind a time", wantText, `1795280000velvet okapi 7f3a91`, "exact"},
		{"text joined, between others", wantText, `keyvelvetokapi7f3a91end`, "normalised/joined"},
		{"text but for its last digit", wantText, `velvet okapi 7f3a9`, ""},
		{"words that others say, inside longer ones", Needle{"t", ValueText, "velvet okapi"}, `a velvet okapis`, ""},
		{"words that others say", Needle{"t", ValueText, "velvet okapi"}, `a velvet okapi`, "exact"},
		{"last segment of a path", Needle{"u", ValueURL, "https://known.example/a/quokka-gantry-4f1c8a9e"}, `{"slug":"quokka-gantry-4f1c8a9e"}`, "part/last-segment"},
		{"last segment of a path that others have", Needle{"u", ValueURL, "https://known.example/a/index-of-all"}, `{"slug":"index-of-all"}`, ""},
		{"text in capitals", wantText, `VELVET OKAPI 7F3A91`, "normalised/case"},
		{"text with a word changed", wantText, `velvet okapis 7f3a91`, ""},
		{"text with its words joined", wantText, `x=velvet_okapi_7f3a91;`, "normalised/joined"},
		{"text with its words reordered", wantText, `7f3a91, then velvet, then okapi`, "normalised/words"},
		{"text with its words in a list", wantText, `{"q":["velvet","okapi","7f3a91"]}`, "normalised/words"},
		{"words of a message, one of them longer, behind a length that would fit", wantText, "\x0a\x16velvets okapi 7f3a91 z\x20\x05", ""},
		{"words of a message, reordered", wantText, "\x0a\x16okapi velvet z 7f3a91_\x20\x05", "normalised/words"},
		{"capitals of letters with two lower cases", Needle{"w", ValueText, "ελιά μύθος ağacı"}, `ΕΛΙΆ ΜΎΘΟΣ AĞACI`, "normalised/case"},
		{"letters like those of a word with two lower cases", Needle{"w", ValueText, "ελιά μύθος ağacı"}, `ΕΛΙΆ ΜΎΘΟΝ AĞACI`, ""},
		{"text behind the number of its characters", Needle{"w", ValueText, "żółta łódź"}, "S\x00\x0ażółta łódźS\x00\x03abc", "exact"},
		{"longer text behind the number of its characters", Needle{"w", ValueText, "żółta łódź"}, "S\x00\x0bżółta łódźkS\x00\x03abc", ""},
		{"text, a longer one in MessagePack behind a byte that could be its length", wantText, "\x93\xb3velvet okapi 7f3a91\xc3\xb4velvet okapi 7f3a911\x9d\xb4velvet okapis 7f3a91", "exact"},
		{"words in different objects", wantText, `{"a":{"x":"velvet"},"b":{"x":"okapi"},"c":{"y":"7f3a91"}}`, ""},
		{"text in UTF-16", wantText, "v\x00e\x00l\x00v\x00e\x00t\x00 \x00o\x00k\x00a\x00p\x00i\x00 \x007\x00f\x003\x00a\x009\x001\x00", "exact/utf-16le"},
		{"letters beyond ASCII", wantWide, `{"q":"zéphyr кукушка 7f3a91"}`, "exact/json"},
		{"letters beyond ASCII, in capitals", wantWide, `ZÉPHYR КУКУШКА 7F3A91`, "normalised/case"},
		{"letters beyond ASCII, decomposed", wantWide, "ze\u0301phyr кукушка 7f3a91", "normalised/unicode-form"},
		{"letters beyond ASCII, other word", wantWide, `zéphyr кукушки 7f3a91`, ""},
		{"md5 of text", wantText, `{"h":"71a4f6e0bd4a5ec8b4a0a8b1d4b1e7f0"}`, ""},

		{"url", wantURL, `{"u":"https://canary-5d20.example/path/7f3a91?q=a+b&lang=fr"}`, "exact/json"},
		{"url with more behind it", wantURL, `https://canary-5d20.example/path/7f3a91?q=a+b&lang=fr&utm=1`, "exact"},
		{"url of another value", wantURL, `https://canary-5d20.example/path/7f3a91?q=a+b&lang=fra`, "part/no-query"},
		{"url without scheme", wantURL, `see canary-5d20.example/path/7f3a91?q=a+b&lang=fr`, "normalised/normalised-url"},
		{"url by http and with www", wantURL, `http://www.canary-5d20.example/path/7f3a91?q=a+b&lang=fr`, "normalised/normalised-url"},
		{"host of a url", wantURL, `{"d":"canary-5d20.example"}`, "part/host"},
		{"host inside a longer host", wantURL, `{"d":"canary-5d20.example.evil.test"}`, ""},
		{"other host", wantURL, `https://canary-5d2f.example/other/7f3a91?q=a+b&lang=fr`, ""},

		{"url of a host below", wantURL, `{"u":"https://x.canary-5d20.example/path/7f3a91?q=a+b&lang=fr"}`, "part/path"},
		{"address of mail", Needle{"t", ValueText, "quokka.7f3a91@mail-5d20.example"}, `mailquokka.7f3a91@mail-5d20.example.`, "exact"},
		{"address of mail at another host", Needle{"t", ValueText, "quokka.7f3a91@mail-5d20.example"}, `quokka.7f3a91@mail-5d20.example.evil.test`, ""},

		{"host", wantHost, `https://canary-5d20.example/`, "exact"},
		{"host and a longer one", wantHost, `https://canary-5d20.example.evil.test/`, ""},
		{"host below another", wantHost, `https://www.canary-5d20.example/`, ""},
		{"host at the end of a sentence", wantHost, `I saw canary-5d20.example.`, "exact"},

		{"id", wantUUID, `{"i":"5e77c02f-031a-4c9d-a1ff-cb2a6f40023c"}`, "exact/json"},
		{"id in capitals", wantUUID, `{"i":"5E77C02F-031A-4C9D-A1FF-CB2A6F40023C"}`, "normalised/case"},
		{"id without dashes", wantUUID, `{"i":"5e77c02f031a4c9da1ffcb2a6f40023c"}`, "normalised/no-separators"},
		{"id inside a longer hex string", wantUUID, `{"i":"5e77c02f031a4c9da1ffcb2a6f40023cd0"}`, ""},
		{"id with another tail", wantUUID, `{"i":"5e77c02f-031a-4c9d-a1ff-cb2a6f40023d"}`, ""},
		{"id as bytes", wantUUID, "\x00\x01^w\xc0/\x03\x1aL\x9d\xa1\xff\xcb*o@\x02<\x07\x08", "normalised/bytes"},
		{"hardware address with dashes", wantMAC, `02-00-5E-10-AB-9F`, "normalised/case"},
		{"hardware address bare", wantMAC, `02005e10ab9f`, "normalised/no-separators"},
		{"hardware address of another", wantMAC, `02:00:5e:10:ab:9e`, ""},

		{"hardware address as a number", wantMAC, `{"m":2200601406367}`, "normalised/decimal"},
		{"hardware address as another number", wantMAC, `{"m":2200601406368}`, ""},
		{"id with underscores", wantUUID, `5e77c02f_031a_4c9d_a1ff_cb2a6f40023c`, "normalised/separators"},

		{"telephone number", wantPhone, `{"p":"+8613912345678"}`, "exact/json"},
		{"telephone number of the country", wantPhone, `{"p":"13912345678"}`, "normalised/national"},
		{"telephone number as it is dialled from abroad", wantPhone, `{"p":"008613912345678"}`, "normalised/international"},
		{"telephone number in groups", wantPhone, `{"p":"139 1234 5678"}`, "normalised/separators"},
		{"md5 of the telephone number of the country", wantPhone, `{"p":"535381ec9d5ab7a390db0a30860600f2"}`, "hashed/md5"},
		{"telephone number without its first digit", wantPhone, `{"p":"3912345678"}`, ""},
		{"telephone number and another digit", wantPhone, `{"p":"139123456789"}`, ""},
		{"telephone number of a neighbour", wantPhone, `{"p":"139 1234 5679"}`, ""},

		{"number", wantIMEI, `imei867254269213547`, "exact"},
		{"number in JSON", wantIMEI, `{"i":867254269213547}`, "exact/json"},
		{"number as Java writes doubles", wantIMEI, `{"i":8.67254269213547E14}`, "exact/json"},
		{"number in a longer number", wantIMEI, `{"i":8672542692135470}`, ""},
		{"number as a fraction", wantIMEI, `{"i":0.867254269213547}`, ""},
		{"number in a hex string", wantIMEI, `{"i":"a867254269213547b"}`, ""},
		{"number of another phone", wantIMEI, `{"i":867254269213548}`, ""},
		{"number as a phone shows it", wantIMEI, `86-725426-921354-7`, "normalised/separators"},
		{"number as bytes", wantIMEI, "\x00\x00\x00\x00\x00\x00\x03\x14\xc3\x5e\xa5\x7b\x6b\x01\xff", "normalised/int64-be"},

		{"digest with a salt that is told", wantIMEI, `{"salt":"s3cr3t","h":"42b20ccd5ab25778211233577b4715713005fe11cc51aa3b35272c64421bf504"}`, "hashed/sha256"},
		{"digest with a key that is told", wantIMEI, `{"salt":"s3cr3t","h":"9c3e7bc36c3023df96ddc87d05f692f7dc04e4529586c9d36e7bb04485bc7d16"}`, "hashed/sha256"},
		{"digest with another salt", wantIMEI, `{"salt":"s3cr3T","h":"42b20ccd5ab25778211233577b4715713005fe11cc51aa3b35272c64421bf504"}`, ""},
		{"digest with a salt that is not told", wantIMEI, `{"x":"s3cr3t","h":"42b20ccd5ab25778211233577b4715713005fe11cc51aa3b35272c64421bf504"}`, ""},

		{"marker", wantMarker, `{"p":"com.android.settings"}`, "marker/json"},
		{"marker before an activity", wantMarker, `com.android.settings/.Main`, "marker"},
		{"marker of a longer package", wantMarker, `com.android.settings.intelligence`, ""},
		{"marker below another package", wantMarker, `x.com.android.settings`, ""},
		{"marker in capitals", wantMarker, `COM.ANDROID.SETTINGS`, ""},
		{"marker hashed", wantMarker, `{"h":"b5be0b5b21d23ff5ba2ba3ba3ee2d3a6"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := NewSearcher([]Needle{c.needle}, decode.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			r := s.Search(decode.Sent{Body: []byte(c.body)})
			if got := classesOf(r.Hits); got != c.want {
				t.Errorf("got %q, want %q\n%+v", got, c.want, r.Hits)
			}
		})
	}
}

func TestSearchSeesEveryPart(t *testing.T) {
	const v = "velvet okapi 7f3a91"
	for _, c := range []struct {
		name string
		sent decode.Sent
		want string
	}{
		{"query", decode.Sent{Method: "GET", Target: "https://a.example/b?q=velvet%20okapi+7f3a91"}, "exact query q"},
		{"path", decode.Sent{Method: "GET", Target: "https://a.example/s/velvet%20okapi%207f3a91"}, "exact path > segment 2 > percent"},
		{"header", decode.Sent{Target: "https://a.example/", Headers: []flow.Header{{Name: "X-Last", Value: v}}}, "exact header X-Last"},
		{"referer", decode.Sent{Target: "https://a.example/", Headers: []flow.Header{{Name: "Referer", Value: v}}}, "header header Referer"},
		{"cookie", decode.Sent{Target: "https://a.example/", Headers: []flow.Header{{Name: "Cookie", Value: "a=b; q=velvet%20okapi%207f3a91"}}}, "exact cookie q > percent"},
		{"trailer", decode.Sent{Target: "https://a.example/", Body: []byte("x"), Trailers: []flow.Header{{Name: "X-Sum", Value: v}}}, "exact trailer X-Sum"},
		{"message", decode.Sent{Kind: decode.KindMessage, Body: []byte(`42["q",{"q":"` + v + `"}]`)}, "exact message > json @2 $[1].q"},
		{"stream", decode.Sent{Kind: decode.KindRaw, Body: []byte("\x00\x00\x00\x13" + v)}, "exact stream"},
		{"elsewhere", decode.Sent{Target: "https://a.example/?q=velvet+okapis", Body: []byte("velvet okapi")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := NewSearcher([]Needle{wantText}, decode.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range s.Search(c.sent).Hits {
				got = append(got, h.Class+" "+h.Location)
			}
			if g := strings.Join(got, "|"); g != c.want {
				t.Errorf("got %q, want %q", g, c.want)
			}
		})
	}
}

func TestSaltedDigestIsOpaque(t *testing.T) {
	s, err := NewSearcher([]Needle{wantIMEI}, decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	const digest = "9b1c7e0f5a2d4c8e9b1c7e0f5a2d4c8e9b1c7e0f5a2d4c8e9b1c7e0f5a2d4c8e"
	if r := s.Search(decode.Sent{Body: []byte(`{"salt":"s3cr3t","h":"` + digest + `"}`)}); len(r.Opaque) != 1 || r.Opaque[0].Location != "body > json $.h" {
		t.Errorf("a digest beside a salt: %+v", r.Opaque)
	}
	if r := s.Search(decode.Sent{Body: []byte(`{"v":"s3cr3t","h":"` + digest + `"}`)}); len(r.Opaque) != 0 {
		t.Errorf("a digest alone: %+v", r.Opaque)
	}
}

func TestNewSearcherRefuses(t *testing.T) {
	for _, n := range []Needle{{"a", ValueText, "abc"}, {"b", "colour", "abcdef"}} {
		if _, err := NewSearcher([]Needle{n}, decode.Limits{}); err == nil {
			t.Errorf("a needle %+v was taken", n)
		}
	}
}
