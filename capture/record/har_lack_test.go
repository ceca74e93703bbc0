package record

import (
	"fmt"
	"strings"
	"testing"
)

// An entry of another tool that holds less than was sent says so, and what it lists apart is where it was sent.
func TestHARThatLacks(t *testing.T) {
	request := func(rest string) string {
		return `"request":{"method":"POST","url":"https://a.example/x",` + rest + `}`
	}
	for name, c := range map[string]struct {
		entry string
		cut   bool
		class string
		holds string // in the body, the headers or the address
	}{
		"whole":                           {request(`"bodySize":3,"postData":{"text":"abc"}`), false, "", "abc"},
		"shorter than its size":           {request(`"bodySize":300,"postData":{"text":"abc"}`), true, "", "abc"},
		"shorter than its size, deflated": {request(`"bodySize":30,"headers":[{"name":"content-encoding","value":"gzip"}],"postData":{"text":"abc"}`), false, "", "abc"},
		"shorter than any deflated form":  {request(`"bodySize":300,"headers":[{"name":"content-encoding","value":"gzip"}],"postData":{"text":"abc"}`), true, "", "abc"},
		"said to be empty, and chunked":   {request(`"bodySize":0,"headers":[{"name":"Transfer-Encoding","value":"chunked"}]`), true, "", ""},
		"announced empty, and chunked":    {request(`"headers":[{"name":"Content-Length","value":"0"},{"name":"transfer-encoding","value":"chunked"}]`), true, "", ""},
		"exact bytes that are not":        {request(`"bodySize":3,"postData":{"text":"abc","_bodyBase64":"*"}`), true, "", "abc"},
		"exact bytes":                     {request(`"bodySize":3,"postData":{"text":"?","_bodyBase64":"YWJj"}`), false, "", "abc"},
		"two requests":                    {request(`"bodySize":3,"postData":{"text":"abc"}`) + "," + request(`"bodySize":0`), true, "", ""},
		"two addresses":                   {request(`"url":"https://b.example/","bodySize":3,"postData":{"text":"abc"}`), true, "", "abc"},
		"two bodies":                      {request(`"bodySize":3,"postData":{"text":"abc"},"postData":{"text":"xyz"}`), true, "", "xyz"},
		"two texts":                       {request(`"bodySize":3,"postData":{"text":"abc","text":"xyz"}`), true, "", "xyz"},
		"a body in two places":            {request(`"bodySize":3,"postData":{"text":"abc"},"_content":{"text":"abc"}`), false, "", "abc"},
		"an address that is cut":          {`"request":{"method":"GET","url":"https://a.example/` + strings.Repeat("x", 2000) + `"}`, true, "", "xxx"},
		"a parameter that is cut":         {request(`"bodySize":2002,"postData":{"params":[{"name":"a","value":"` + strings.Repeat("x", 2000) + `"}]}`), true, "", "xxx"},
		"a reply that is long":            {`"request":{"method":"GET","url":"https://a.example/x"},"response":{"content":{"text":"` + strings.Repeat("x", 2000) + `"}}`, false, "", ""},
		"said to be empty":                {request(`"bodySize":0`), false, "", ""},
		"said to be empty, and announced": {request(`"bodySize":0,"headers":[{"name":"Content-Length","value":"4"}]`), true, "", ""},
		"of unknown size":                 {request(`"bodySize":-1`), true, "", ""},
		"announced":                       {request(`"headers":[{"name":"Content-Length","value":"400"}]`), true, "", ""},
		"announced empty":                 {request(`"headers":[{"name":"Content-Length","value":"0"}]`), false, "", ""},
		"nothing to send":                 {`"request":{"method":"GET","url":"https://a.example/x"}`, false, "", ""},
		"in an encoding unknown":          {request(`"bodySize":4,"postData":{"text":"abcd","encoding":"zip"}`), true, "", "abcd"},
		"a file left out":                 {request(`"bodySize":-1,"postData":{"params":[{"name":"f","fileName":"quokka.bin"}]}`), true, "", "quokka.bin"},
		"no request":                      {`"request":null`, true, "", ""},
		"a tunnel":                        {`"request":{"method":"CONNECT","url":"https://a.example:443"}`, false, "passed", ""},
		"cookies apart":                   {`"request":{"method":"GET","url":"https://a.example/x","cookies":[{"name":"k","value":"quokka"}]}`, false, "", "k=quokka"},
		"cookies twice":                   {`"request":{"method":"GET","url":"https://a.example/x","headers":[{"name":"Cookie","value":"k=1"}],"cookies":[{"name":"k","value":"quokka"}]}`, false, "", "k=1"},
		"a query apart":                   {`"request":{"method":"GET","url":"https://a.example/x","queryString":[{"name":"k","value":"quokka"}]}`, false, "", "x?k=quokka"},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			for e, err := range ReadHAR(strings.NewReader(`{"log":{"entries":[{`+c.entry+`}]}}`), HARLimits{Text: 1000}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				if e.BodyCut != c.cut || e.Class != c.class {
					t.Errorf("cut %t, class %q: %+v", e.BodyCut, e.Class, e)
				}
				if all := fmt.Sprint(e.URL, " ", e.Headers, " ", string(e.Body)); !strings.Contains(all, c.holds) {
					t.Errorf("%q is not in it", all)
				}
				for _, h := range e.Headers {
					if h.Name == "Cookie" && c.holds == "k=1" && h.Value != "k=1" {
						t.Errorf("cookies were put there again: %q", h.Value)
					}
				}
			}
			if n != 1 {
				t.Errorf("%d entries", n)
			}
		})
	}
}

// A WebSocket message counts as sent unless its entry says that it was received.
func TestHARMessagesOfUnknownWay(t *testing.T) {
	for kind, want := range map[string]int{"send": 1, "request": 1, "client": 1, "receive": 0, "response": 0} {
		har := fmt.Sprintf(`{"log":{"entries":[{"request":{"method":"GET","url":"wss://a.example/"},"_webSocketMessages":[{"type":%q,"opcode":1,"data":"quokka"}]}]}}`, kind)
		for e, err := range ReadHAR(strings.NewReader(har), HARLimits{}) {
			if err != nil || len(e.Messages) != want {
				t.Errorf("%s: %d messages (%v), want %d", kind, len(e.Messages), err, want)
			}
		}
	}
}

// What is no list of entries holds none, and what follows a HAR was not looked at.
func TestHARThatIsNotAll(t *testing.T) {
	for file, ok := range map[string]bool{
		`{"log":{"entries":[]}}`:                                   true,
		`{"log":{"entries":[]}}` + " \r\n":                         true,
		`{"log":{"entries":{}}}`:                                   false,
		`{"log":{"entries":null}}`:                                 false,
		`{"log":[{"entries":[]}]}`:                                 false,
		`{"log":{"entries":[]}}{"log":{"entries":[]}}`:             false,
		`{"log":{"entries":[]}}` + "\n" + `{"log":{"entries":[]}}`: false,
		`{"log":{"entries":[]}} and more`:                          false,
	} {
		var got error
		for _, err := range ReadHAR(strings.NewReader(file), HARLimits{}) {
			got = err
		}
		if (got == nil) != ok {
			t.Errorf("%s: %v", file, got)
		}
	}
}

// A binary message that is not byte for byte says so.
func TestHARMessagesNotExact(t *testing.T) {
	for message, cut := range map[string]bool{
		`"opcode":2,"data":"cXVva2th"`:                      false,
		`"opcode":2,"data":"quokka!"`:                       false, // a tool that writes what is text as it is
		`"opcode":2,"data":"\ufffd\ufffdquokka"`:            true,
		`"opcode":1,"data":"quokka\ufffd"`:                  false,
		`"opcode":1,"_encoding":"base64","data":"*"`:        true,
		`"opcode":1,"_encoding":"base64","data":"cXVva2th"`: false,
	} {
		har := `{"log":{"entries":[{"request":{"method":"GET","url":"wss://a.example/"},"_webSocketMessages":[{"type":"send",` + message + `}]}]}}`
		for e, err := range ReadHAR(strings.NewReader(har), HARLimits{}) {
			if err != nil || len(e.Messages) != 1 || e.Messages[0].Cut != cut {
				t.Errorf("%s: %+v (%v), want cut %t", message, e.Messages, err, cut)
			}
		}
	}
}

// What one entry may hold is bounded, whatever it is made of, and the next has as much room.
func TestHAREntryIsBounded(t *testing.T) {
	message := `{"type":"send","opcode":1,"data":"` + strings.Repeat("m", 900) + `"},`
	entry := `{"request":{"method":"GET","url":"wss://a.example/"},"_webSocketMessages":[` + message + `{}]}`
	file := func(first int) string {
		one := func(n int) string { return strings.Replace(entry, message, strings.Repeat(message, n), 1) }
		return `{"log":{"entries":[` + one(first) + "," + one(1) + `]}}`
	}
	for first, cut := range map[int]bool{3: false, 100: true} {
		n := 0
		for e, err := range ReadHAR(strings.NewReader(file(first)), HARLimits{Text: 1000}) {
			held := 0
			for _, m := range e.Messages {
				held += len(m.Data)
			}
			if err != nil || held > entryTexts*1000 || e.BodyCut != (cut && n == 0) {
				t.Errorf("%d messages, entry %d: %v, holds %d bytes, cut %t", first, n, err, held, e.BodyCut)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%d entries", n)
		}
	}
}
