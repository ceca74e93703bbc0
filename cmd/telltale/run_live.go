package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/harness/profile"
)

// live shows what the workers say while they drive: a line per event, with its phone.
type live struct {
	done chan struct{}
	wait sync.WaitGroup
}

// liveEvery is how often the workers' lines are looked for.
const liveEvery = 200 * time.Millisecond

// showLive follows the progress files of all phones until stop is called.
func showLive(c *console, dir string, cfg *profile.Config) *live {
	l := &live{done: make(chan struct{})}
	files := make([]*followed, len(cfg.Phones))
	for i, p := range cfg.Phones {
		files[i] = &followed{phone: p.ID, path: filepath.Join(dir, p.ID+".log")}
	}
	begun := time.Now()
	show := func() {
		for _, f := range files {
			f.each(func(line string) {
				fmt.Fprintf(c.Err, "%6.1fs  %-14s %s\n", time.Since(begun).Seconds(), f.phone, safe.Text(line))
			})
		}
	}
	l.wait.Go(func() {
		tick := time.NewTicker(liveEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				show()
			case <-l.done:
				show()
				return
			}
		}
	})
	return l
}

func (l *live) stop() {
	close(l.done)
	l.wait.Wait()
}

// followed is a file that grows, read line by line.
type followed struct {
	phone, path string
	at          int64
}

// each calls show for every whole line that came since the last call.
func (f *followed) each(show func(string)) {
	file, err := os.Open(f.path)
	if err != nil {
		return // nothing was said yet
	}
	defer file.Close()
	if _, err := file.Seek(f.at, io.SeekStart); err != nil {
		return
	}
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return // a half line is read whole the next time
		}
		f.at += int64(len(line))
		show(line[:len(line)-1])
	}
}
