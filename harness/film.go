package harness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// A film of the screen is made by the phone's own screenrecord, which before Android 14 films for three minutes at most:
// so in parts, each a file that is whole by itself, and what was finished before a crash is kept. It is for readers; no
// verdict rests on it, so a phone that refuses is no fault.
const (
	filmFile  = "/data/local/tmp/telltale-video"
	filmPart  = 180              // seconds, the most that screenrecord takes before Android 14
	filmParts = 5                // 15 minutes; a window is shorter
	filmRate  = 2_000_000        // bits a second: 45 MB a part
	filmMost  = int64(100 << 20) // bytes of a part that are taken
	filmSpace = 48 << 20         // bytes that must be free on the phone: for one part
	filmEnd   = 8 * time.Second  // for the index of a file, which real phones write within 3 s
	filmFetch = 60 * time.Second
)

// film is what films one attempt.
type film struct {
	lease *Lease
	base  string // of its files on the phone
}

// filmName is the name of a part on the phone: the run, the attempt, its action, the part.
var filmName = regexp.MustCompile(`^telltale-video-([0-9a-f]{16})-([0-9]{1,9})-([a-z0-9-]{1,60})-([1-9])\.mp4$`)

// filmRun tells this run's files from those that another left.
func (l *Lease) filmRun() string {
	sum := sha256.Sum256([]byte("film\x00" + l.Seed + "\x00" + l.Serial))
	return hex.EncodeToString(sum[:8])
}

// endFilm ends whatever films, each part once: a second interrupt could end screenrecord before its file is whole, so that
// it comes only where four seconds of the first did nothing. That happens: a command in the background ignores an interrupt
// that comes before it listens (mksh, POSIX 2.11). It waits for who begins the parts, and not for a part alone: a next one
// may be on its way.
const endFilm = `rm -f ` + filmFile + `.on; i=0
for f in $(ls /data/local/tmp | grep '^telltale-video.*\.loop$'); do f=/data/local/tmp/$f; was=; j=0
while [ -e $f ] && [ $i -lt 80 ] && { q=$(cat $f); [ -z "$q" ] || kill -0 $q 2>/dev/null; }; do
p=$(cat ${f%.loop}.pid 2>/dev/null); [ "$p" = "$was" ] || j=0; [ -z "$p" ] || [ $((j%40)) != 0 ] || kill -INT $p 2>/dev/null; was=$p; sleep 0.1; i=$((i+1)); j=$((j+1)); done
rm -f $f ${f%.loop}.pid; done`

// beginFilm films in parts of so many seconds until the file that says whose film goes on names another, or is gone. It
// outlives the command that starts it.
func beginFilm(base string, part int) string {
	loop := fmt.Sprintf(`echo $$ > %[4]s.loop; n=1; while [ "$(cat %[1]s.on 2>/dev/null)" = %[4]s ] && [ $n -le %[2]d ]; do screenrecord --time-limit %[5]d --bit-rate %[3]d %[4]s-$n.mp4 >/dev/null 2>&1 & echo $! > %[4]s.pid; wait $!; n=$((n+1)); done; rm -f %[4]s.loop %[4]s.pid`,
		filmFile, filmParts, filmRate, base, part)
	run := "sh -c " + adb.Quote(loop) + " >/dev/null 2>&1 </dev/null &"
	return endFilm + "; echo " + base + " > " + filmFile + ".on; touch " + base + ".loop; if setsid true; then setsid " + run + " else nohup " + run + " fi"
}

// film begins to film an attempt, if devices.yaml asks for it; nil if not, or if the phone does not.
func (l *Lease) film(ctx context.Context, at *leak.Attempt, a Action) *film {
	if !l.profile.Record.Video {
		return nil
	}
	f := &film{l, fmt.Sprintf("%s-%s-%d-%s", filmFile, l.filmRun(), at.ID, plainAction(a.Name()))}
	if err := f.begin(ctx); err != nil {
		l.note("artefact-missing", "video.mp4", err)
		return nil
	}
	return f
}

func (f *film) begin(ctx context.Context) error {
	l := f.lease
	if l.filmed { // an attempt that a fault ended may be filmed still
		if _, err := l.device.Script(ctx, endFilm); err != nil {
			return err
		}
	}
	f.fetch(ctx) // what that could not bring home
	space, err := l.device.Space(ctx, "/data")
	if err == nil && space.Free < filmSpace {
		return fmt.Errorf("%d MB are free on the phone, and a film needs %d", space.Free>>20, filmSpace>>20)
	}
	if !l.filmed {
		if err := l.rememberScript("the film of the screen", endFilm+"; rm -f "+filmFile+"*"); err != nil {
			return err
		}
		l.filmed = true
	}
	_, err = l.device.Script(ctx, beginFilm(f.base, filmPart))
	return err
}

// end ends the film at the end of the window and brings it home. A phone that is away keeps it for later.
func (f *film) end(ctx context.Context) []leak.Video {
	if f == nil || ctx.Err() != nil {
		return nil
	}
	ending, cancel := context.WithTimeout(ctx, filmEnd+2*time.Second)
	_, err := f.lease.device.Script(ending, endFilm)
	cancel()
	if err != nil {
		f.lease.note("artefact-missing", "video.mp4: "+err.Error(), nil)
		return nil
	}
	return f.fetch(ctx)
}

// fetch brings home all parts of this run that lie on the phone, and returns those of this attempt. Parts that come after
// their attempt was written down are in the journal alone.
func (f *film) fetch(ctx context.Context) (mine []leak.Video) {
	l := f.lease
	ctx, cancel := context.WithTimeout(ctx, filmFetch)
	defer cancel()
	files, err := l.device.List(ctx, "/data/local/tmp")
	if err != nil {
		l.note("artefact-missing", "videos", err)
		return nil
	}
	names := []string{}
	for _, file := range files {
		names = append(names, file.Name)
	}
	slices.Sort(names)
	for _, name := range names {
		m := filmName.FindStringSubmatch(name)
		if m == nil || m[1] != l.filmRun() {
			continue
		}
		attempt, _ := strconv.ParseInt(m[2], 10, 64) // nine digits at most
		part, _ := strconv.Atoi(m[4])
		path := "/data/local/tmp/" + name
		v, err := l.dir.Film(attempt, m[3], part, filmMost, func(to io.Writer) error { return l.device.Pull(ctx, path, to) })
		switch {
		case err != nil:
			l.note("artefact-missing", name, err)
			continue
		case strings.HasPrefix(path, f.base+"-"):
			mine = append(mine, v)
		default:
			if err := l.dir.AppendJournal("video", map[string]any{"what": "of an earlier attempt", "file": v.File, "sha256": v.SHA256, "bytes": v.Bytes}); err != nil {
				l.say("writing the journal: " + err.Error())
			}
		}
		_, _ = l.device.Shell(ctx, "rm", "-f", path) // the end of the lease removes it too
	}
	return mine
}

// leftFilms brings home what a run that is gone on with had filmed when it died. It stops filming, too.
func (l *Lease) leftFilms(ctx context.Context) {
	if !l.profile.Record.Video || !l.past.Recorded {
		return
	}
	if _, err := l.device.Script(ctx, endFilm); err != nil {
		l.note("artefact-missing", "videos", err)
		return
	}
	(&film{lease: l, base: "none"}).fetch(ctx)
}

// plainAction is an action's name as part of a file's.
func plainAction(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name)
	return name[:min(len(name), 60)]
}
