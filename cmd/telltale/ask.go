package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/harness/ask"
	"github.com/telltale-farm/telltale/harness/evidence"
)

// askCmd asks destinations of findings what they themselves answer.
type askCmd struct {
	Dir  string   `arg:"" help:"Evidence bundle of a finished run on real phones."`
	Host []string `arg:"" optional:"" help:"Ask these alone of the destinations that findings name."`
	Yes  bool     `short:"y" help:"Do not ask back."`
	JSON bool     `name:"json" help:"Print what was stored."`
}

// Help is shown below the flags.
func (askCmd) Help() string {
	return `Makes a plain GET, from this computer and without any proxy, of each destination that a finding names: its root, and
the path that the upload went to, without query and without anything that the phone sent. Says before whom
it will contact, for they learn this computer's address, and waits for a yes. What they answer (addresses,
TLS, certificate, status, headers, up to 64 KiB of the page) is stored dated in answers-<time>.json beside
the evidence, which it never becomes: no verdict and no sum rests on it. The report quotes it.

Refuses runs on virtual phones, whose hosts are strangers to them; private addresses; redirects to
another host; and names that carry what was found.

Example:
  telltale ask evidence/20261121T120000Z
  telltale ask --yes evidence/20261121T120000Z sa.api.intl.miui.com

EXIT STATUS
  0  stored, whatever was answered; or no finding names anybody
  1  usage error, refused, not confirmed, or nothing could be stored
  130  interrupted; what was answered until then is stored`
}

// Run asks.
func (a *askCmd) Run(ctx context.Context, c *console) error {
	dir, err := bundlePath(a.Dir)
	if err != nil {
		return err
	}
	all, stored, err := evidence.Destinations(dir)
	if err != nil {
		return err
	}
	chosen, err := a.choose(c.Err, all)
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		fmt.Fprintln(c.Err, "no finding names a destination that can be asked: nobody was contacted")
		return nil
	}
	if !a.agreed(c, chosen) {
		return fmt.Errorf("not confirmed: nobody was contacted; --yes confirms beforehand")
	}
	now := c.Ask.Now
	if now == nil {
		now = time.Now
	}
	stored.Telltale, stored.Begun = version(), now().UTC().Format(time.RFC3339Nano)
	stored.Answers = ask.Destinations(ctx, chosen, c.Ask, func(url string) { fmt.Fprintf(c.Err, "asking %s\n", safe.Text(url)) })
	stored.Ended = now().UTC().Format(time.RFC3339Nano)
	name, err := evidence.AddAnswers(dir, stored)
	if err != nil {
		return err
	}
	if err := a.print(c.Out, dir, name, stored); err != nil {
		return err
	}
	if err := showAnswers(c.Err, dir); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &exitStatus{Code: exitInterrupted}
	}
	return nil
}

// choose gives those that may be asked, and says why others may not.
func (a *askCmd) choose(log io.Writer, all []evidence.Destination) (out []evidence.Destination, err error) {
	var known []string
	for _, d := range all {
		known = append(known, safe.Text(d.Host))
	}
	for _, host := range a.Host {
		if !slices.ContainsFunc(all, func(d evidence.Destination) bool { return strings.EqualFold(d.Host, host) }) {
			return nil, fmt.Errorf("no finding names %q, and nobody else is asked; findings name: %s", host, strings.Join(known, ", "))
		}
	}
	for _, d := range all {
		switch {
		case len(a.Host) > 0 && !slices.ContainsFunc(a.Host, func(host string) bool { return strings.EqualFold(d.Host, host) }):
		case d.Not != "":
			fmt.Fprintf(log, "not asked: %s: %s\n", safe.Text(d.Host), d.Not)
		default:
			out = append(out, d)
		}
	}
	if len(out) > maxDestinations {
		return nil, fmt.Errorf("findings name %d destinations, and at most %d are asked at once: name some of %s", len(out), maxDestinations, strings.Join(known, ", "))
	}
	return out, nil
}

// maxDestinations bounds who is asked at once.
const maxDestinations = 20

// agreed says who will be contacted, and waits for a yes.
func (a *askCmd) agreed(c *console, chosen []evidence.Destination) bool {
	fmt.Fprintln(c.Err, "This computer, and no phone, will ask:")
	for _, d := range chosen {
		for _, url := range d.URLs {
			fmt.Fprintf(c.Err, "  GET %s\n", safe.Text(url))
		}
	}
	fmt.Fprintln(c.Err, "Each of them learns this computer's address and that somebody asked. Nothing that a phone sent goes along.")
	if a.Yes {
		return true
	}
	fmt.Fprint(c.Err, "Ask them? [y/N] ")
	line, _ := bufio.NewReader(io.LimitReader(c.In, 100)).ReadString('\n') // the end of input is a no
	line = strings.ToLower(strings.TrimSpace(line))
	return line == "y" || line == "yes"
}

func (a *askCmd) print(out io.Writer, dir, name string, stored evidence.Answers) error {
	if a.JSON {
		return printJSON(out, stored)
	}
	for _, x := range stored.Answers {
		if _, err := fmt.Fprintln(out, safe.Text(x.URL)+": "+safe.Line(x.Said(), 300)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out, filepath.Join(dir, name))
	return err
}

// showAnswers writes the report again, where that breaks no signature.
func showAnswers(log io.Writer, dir string) error {
	signed, err := evidence.Signed(dir)
	if err != nil {
		return err
	}
	if signed {
		fmt.Fprintln(log, "the report was not written again: the bundle is signed, and the sums that the signature speaks of would change; a copy without the signature can have one (`telltale report`)")
		return nil
	}
	_, _, err = evidence.WriteReport(dir)
	return err
}
