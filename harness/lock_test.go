package harness

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestOnePhoneHasOneDriver(t *testing.T) {
	state := t.TempDir()
	first, err := LockPhone(t.Context(), state, "serial")
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 120*time.Millisecond)
	defer cancel()
	if _, err := LockPhone(short, state, "serial"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a second driver got %v", err)
	}
	other, err := LockPhone(t.Context(), state, "another")
	if err != nil {
		t.Fatalf("another phone: %v", err)
	}
	defer other.Unlock()
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := LockPhone(t.Context(), state, "serial")
	if err != nil {
		t.Fatalf("after it was given back: %v", err)
	}
	again.Unlock()
}
