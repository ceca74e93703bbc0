package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/capture/record"
)

// scanCmd searches captures for canaries: those that any tool made, and our own.
type scanCmd struct {
	Canaries string   `required:"" placeholder:"FILE" help:"What to search for."`
	JSON     bool     `help:"One JSON object a line."`
	HAR      []string `arg:"" name:"har" help:"HAR 1.2 files; - is standard input."`
}

// Help is shown below the flags.
func (scanCmd) Help() string {
	return `Searches every request and every WebSocket message that a client sent, however it was packed, for values that
must not be there. What could not be searched is told as opaque: tunnels, which a telltale bundle's own
phones/ID/capture.har lists too, and entries that hold less than was sent. The canaries are JSON: {"canaries":[{"id":"q1","kind":"text|url|id|number","value":"..."}]}

Example:
  telltale scan --canaries canaries.json capture.har

EXIT STATUS
  0  nothing was found, and everything could be read
  1  usage error, or a file could not be read
  3  a canary was found
  4  nothing was found, but something could not be read`
}

// scanGCPercent trades memory, of which a scan needs some 30 MB, for a third less time.
const scanGCPercent = 300

// Run searches all files. What was found before a file turned out to be broken is still told.
func (s *scanCmd) Run(ctx context.Context, c *console) error {
	needles, err := readCanaries(s.Canaries)
	if err != nil {
		return err
	}
	searcher, err := leak.NewSearcher(needles, decode.DefaultLimits())
	if err != nil {
		return fmt.Errorf("preparing the search of %s: %w", s.Canaries, err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(scanGCPercent))
	out := bufio.NewWriterSize(c.Out, 64<<10)
	w := scanWriter{out: out, json: s.JSON}
	for _, name := range s.HAR {
		w.files++
		if err = scanFile(ctx, c, searcher, name, &w); err != nil {
			break
		}
	}
	if sumErr := w.sum(); err == nil {
		err = sumErr
	}
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	switch {
	case w.found > 0:
		return &exitStatus{Code: exitLeaked, Err: err}
	case err != nil:
		return err
	case w.opaque > 0:
		return &exitStatus{Code: exitInconclusive}
	}
	return nil
}

// readCanaries reads the file of --canaries.
func readCanaries(name string) ([]leak.Needle, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the canaries: %w", err)
	}
	var file struct {
		Canaries []struct {
			ID    string `json:"id"`
			Kind  string `json:"kind"`
			Value string `json:"value"`
		} `json:"canaries"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf(`reading the canaries: %s: %w; it must be {"canaries":[{"id":"q1","kind":"text","value":"..."}]}`, name, err)
	}
	if len(file.Canaries) == 0 {
		return nil, fmt.Errorf("reading the canaries: %s lists none", name)
	}
	needles := make([]leak.Needle, len(file.Canaries))
	for i, x := range file.Canaries {
		switch x.Kind {
		case leak.ValueText, leak.ValueURL, leak.ValueID, leak.ValueNumber:
		default:
			return nil, fmt.Errorf("reading the canaries: %s: canary %q: kind %q is none of text, url, id, number", name, x.ID, x.Kind)
		}
		needles[i] = leak.Needle{ID: x.ID, Kind: x.Kind, Value: x.Value}
	}
	return needles, nil
}

// scanned is what one entry gave, in the order of its lines.
type scanned struct {
	entry int
	host  string
	hits  []leak.Hit
	dark  []decode.OpaquePart
	err   error

	virtual bool // a capture of our own, of a virtual phone
}

// scanFile searches one HAR. Entries are searched by as many workers as there are processors, and told in their order.
func scanFile(ctx context.Context, c *console, searcher *leak.Searcher, name string, w *scanWriter) error {
	in := c.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("opening a capture: %w", err)
		}
		defer f.Close()
		in = f
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan chan scanned, 2*runtime.GOMAXPROCS(0))
	go readEntries(ctx, in, searcher, results)
	for r := range results {
		got := <-r
		if got.err != nil {
			return fmt.Errorf("%s: %w", name, got.err)
		}
		if err := w.write(name, got); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// readEntries starts the search of each entry; the room in results bounds how many are in memory.
func readEntries(ctx context.Context, in io.Reader, searcher *leak.Searcher, results chan<- chan scanned) {
	defer close(results)
	workers := make(chan struct{}, runtime.GOMAXPROCS(0))
	for e, err := range record.ReadHAR(in, record.HARLimits{}) {
		one := make(chan scanned, 1)
		select {
		case results <- one:
		case <-ctx.Done():
			return
		}
		if err != nil {
			one <- scanned{err: err}
			return
		}
		workers <- struct{}{}
		go func() {
			one <- scanEntry(searcher, e)
			<-workers
		}()
	}
}

// scanEntry searches one request and the messages that followed it.
func scanEntry(searcher *leak.Searcher, e record.HAREntry) scanned {
	if u := e.Unread; u != nil {
		part := "connection"
		if u.Kind == flow.KindTunnel {
			part = "tunnel"
		}
		return scanned{entry: e.Index, host: strings.ToLower(u.Host), dark: []decode.OpaquePart{{Location: part, Reason: u.Class, Bytes: int(u.Bytes)}}}
	}
	s := scanned{entry: e.Index, host: hostOf(e.URL), virtual: strings.HasPrefix(e.Comment, "VIRTUAL PHONES")}
	if e.Class != "" {
		s.dark = append(s.dark, decode.OpaquePart{Location: "request", Reason: e.Class, Bytes: len(e.Body)})
	}
	s.add(searcher.Search(decode.Sent{Method: e.Method, Target: e.URL, Headers: e.Headers, Trailers: e.Trailers, Body: e.Body, BodyCut: e.BodyCut}), "", "body", len(e.Body))
	for _, m := range e.Messages {
		part := fmt.Sprintf("message #%d", m.Index)
		s.add(searcher.Search(decode.Sent{Kind: decode.KindMessage, Body: m.Data, BodyCut: m.Cut}), part, part, len(m.Data))
	}
	return s
}

// add takes over a result; part, when given, replaces the name of the part that locations begin with.
func (s *scanned) add(r leak.Result, part, whole string, size int) {
	rename := func(loc string) string {
		if part == "" {
			return loc
		}
		return part + strings.TrimPrefix(loc, "message")
	}
	for _, h := range r.Hits {
		if h.Class != leak.ClassPart {
			h.Location = rename(h.Location)
			s.hits = append(s.hits, h)
		}
	}
	for _, o := range r.Opaque {
		o.Location = rename(o.Location)
		s.dark = append(s.dark, o)
	}
	if len(r.Truncated) > 0 {
		s.dark = append(s.dark, decode.OpaquePart{Location: whole, Reason: "truncated: " + strings.Join(r.Truncated, ", "), Bytes: size})
	}
}

func hostOf(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// scanWriter writes what was found, and counts it.
type scanWriter struct {
	out                     io.Writer
	json                    bool
	found, opaque           int
	virtual                 bool
	files, requests, unread int // unread counts requests and tunnels, opaque their parts
}

type findingLine struct {
	Kind       string   `json:"kind"`
	File       string   `json:"file"`
	Entry      int      `json:"entry"`
	Canary     string   `json:"canary"`
	Class      string   `json:"class"`
	Host       string   `json:"host"`
	Location   string   `json:"location"`
	Transforms []string `json:"transforms"`
	Preview    string   `json:"preview"`
}

type opaqueLine struct {
	Kind     string `json:"kind"`
	File     string `json:"file"`
	Entry    int    `json:"entry"` // -1 for a tunnel, which is no entry
	Host     string `json:"host"`
	Location string `json:"location"`
	Reason   string `json:"reason"`
	Bytes    int    `json:"bytes"`
}

func (w *scanWriter) write(file string, s scanned) error {
	var errs []error
	if s.entry >= 0 {
		w.requests++
	}
	w.virtual = w.virtual || s.virtual
	if len(s.dark) > 0 {
		w.unread++
	}
	found := "found"
	if s.virtual {
		found = "found (virtual phone)"
	}
	at := safe.Text(file)
	if s.entry >= 0 {
		at += fmt.Sprintf(" #%d", s.entry)
	}
	for _, h := range s.hits {
		w.found++
		line := findingLine{"finding", file, s.entry, h.Needle, h.Class, s.host, h.Location, h.Transforms, h.Preview}
		errs = append(errs, w.line(line, "%s  %s  %s %s to %s  %s\n", at, found, safe.Text(h.Needle), h.Class, safe.Text(s.host), safe.Text(h.Location+"  "+chain(h.Transforms)+"  "+h.Preview)))
	}
	for _, o := range s.dark {
		w.opaque++
		line := opaqueLine{"opaque", file, s.entry, s.host, o.Location, o.Reason, o.Bytes}
		errs = append(errs, w.line(line, "%s  %s  %d bytes to %s  %s  %s\n", at, "opaque", o.Bytes, safe.Text(s.host), safe.Text(o.Location), safe.Text(o.Reason)))
	}
	return errors.Join(errs...)
}

// sum ends the text for people: without it, silence after a whole search looks like no search.
func (w *scanWriter) sum() error {
	if w.json {
		return nil
	}
	counted := func(n int, what string) string {
		if n == 1 {
			return "1 " + what
		}
		return fmt.Sprintf("%d %ss", n, what)
	}
	_, err := fmt.Fprintf(w.out, "searched %s of %s, %d unread\n", counted(w.requests, "request"), counted(w.files, "file"), w.unread)
	if w.virtual && err == nil {
		_, err = fmt.Fprintln(w.out, "VIRTUAL PHONES: what they did proves the tool, not any vendor.")
	}
	return err
}

func chain(t []string) string { return "(" + strings.Join(t, " > ") + ")" }

func (w *scanWriter) line(v any, format string, args ...any) error {
	if !w.json {
		_, err := fmt.Fprintf(w.out, format, args...)
		return err
	}
	return printJSON(w.out, v)
}
