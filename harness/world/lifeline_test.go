package world

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestMain lets this test binary play the parent: it opens a lifeline, says so, and waits to be killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("TELLTALE_TEST_LIFELINE"); path != "" {
		l, err := OpenLifeline(path)
		if err != nil {
			println(err.Error())
			os.Exit(1)
		}
		println("ready")
		select {
		case <-time.After(time.Minute):
		}
		l.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestLifelineIsLostWhenTheParentIsKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lifeline")
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "TELLTALE_TEST_LIFELINE="+path)
	out, err := parent.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	defer parent.Wait()
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the parent said %q", line)
	}
	lost := make(chan struct{})
	release, err := HoldLifeline(path, func() { close(lost) })
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	select {
	case <-lost:
		t.Fatal("lost while the parent lives")
	case <-time.After(50 * time.Millisecond):
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-lost:
	case <-time.After(time.Minute):
		t.Fatal("the parent is dead, and nobody noticed")
	}
}

func TestLifelineOfADeadParentIsLostAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lifeline")
	l, err := OpenLifeline(path)
	if err != nil {
		t.Fatal(err)
	}
	l.file.Close() // as a death does it: the name stays
	lost := make(chan struct{})
	if _, err := HoldLifeline(path, func() { close(lost) }); err != nil {
		t.Fatal(err)
	}
	select {
	case <-lost:
	case <-time.After(time.Minute):
		t.Fatal("nobody noticed")
	}
}

func TestLifelineLetGoIsNotLost(t *testing.T) {
	l, err := OpenLifeline(filepath.Join(t.TempDir(), "lifeline"))
	if err != nil {
		t.Fatal(err)
	}
	lost := make(chan struct{}, 1)
	release, err := HoldLifeline(l.Path(), func() { lost <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	release()
	l.Close()
	select {
	case <-lost:
		t.Fatal("told of a loss after letting go")
	case <-time.After(50 * time.Millisecond):
	}
}
