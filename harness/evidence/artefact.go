package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// artefacts are the files that an attempt may leave for readers.
var artefacts = []string{"screen-before.png", "screen-after.png", "ui.xml", "logcat.txt", "video.mp4", "video-2.mp4", "video-3.mp4", "video-4.mp4", "video-5.mp4"}

// Artefact stores a file of an attempt under actions/<attempt>-<action>/. An existing one is replaced.
func (p *Phone) Artefact(attempt int64, action, file string, data []byte) error {
	name, err := p.artefact(attempt, action, file)
	if err != nil {
		return err
	}
	// The journal comes first: what lies there without its word is not ours.
	if err := p.AppendJournal(eventKept, map[string]any{"file": name, "sha256": sha256Hex(data), "bytes": len(data)}); err != nil {
		return err
	}
	if err := writeWhole(p.root, name, data); err != nil {
		return errors.Join(err, p.AppendJournal(eventMissing, map[string]any{"file": name, "why": err.Error()}))
	}
	return nil
}

// Events of the journal that speak of the files of attempts.
const (
	eventKept    = "artefact"
	eventMissing = "artefact-missing"
)

// Film stores a part of an attempt's film of the screen as it comes, and says what was stored. part counts from 1; what
// is longer than most is refused.
func (p *Phone) Film(attempt int64, action string, part int, most int64, fill func(io.Writer) error) (leak.Video, error) {
	file := "video.mp4"
	if part > 1 {
		file = fmt.Sprintf("video-%d.mp4", part)
	}
	name, err := p.artefact(attempt, action, file)
	if err != nil {
		return leak.Video{}, err
	}
	sum := sha256.New()
	v := leak.Video{File: name}
	err = streamWhole(p.root, name, func(to io.Writer) error {
		return fill(&counted{io.MultiWriter(to, sum), &v.Bytes, most})
	})
	v.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return v, err
}

// counted lets so many bytes through.
type counted struct {
	to   io.Writer
	n    *int64
	most int64
}

func (c *counted) Write(b []byte) (int, error) {
	if *c.n += int64(len(b)); *c.n > c.most {
		return 0, fmt.Errorf("more than %d bytes", c.most)
	}
	return c.to.Write(b)
}

// artefact makes the folder of an attempt, and names a file in it.
func (p *Phone) artefact(attempt int64, action, file string) (string, error) {
	if !slices.Contains(artefacts, file) {
		return "", fmt.Errorf("storing an artefact of %s: %q is none of %s", p.id, file, strings.Join(artefacts, ", "))
	}
	dir := actionsName + "/" + actionFolder(attempt, action)
	if err := p.root.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("storing an artefact of %s: %w", p.id, err)
	}
	return dir + "/" + file, nil
}

// actionFolder names the folder of an attempt: 0007-search. The action is a verb of ours; anything else in it becomes a dash.
func actionFolder(attempt int64, action string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, action)
	n := strconv.FormatInt(attempt, 10)
	for len(n) < 4 {
		n = "0" + n
	}
	return n + "-" + name[:min(len(name), 60)]
}
