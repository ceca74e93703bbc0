package ui

import (
	"context"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// Key codes, as Android counts them.
const (
	KeyHome   = adb.KeyHome
	KeyBack   = adb.KeyBack
	KeyEnter  = adb.KeyEnter
	KeyDelete = adb.KeyDelete
)

// Screen drives the screen of one phone. It remembers nothing: every look is a new dump.
type Screen struct {
	dev *adb.Device
	// within bounds a part of what ctx bounds as a whole; [context.WithTimeout], but for tests.
	within func(ctx context.Context, bound time.Duration) (context.Context, context.CancelFunc)
}

// NewScreen drives the screen of a phone, which is not contacted.
func NewScreen(dev *adb.Device) *Screen { return &Screen{dev, context.WithTimeout} }

// Focus asks what is in front.
func (s *Screen) Focus(ctx context.Context) (adb.Focus, error) { return s.dev.Focus(ctx) }

// Key presses keys, one after the other.
func (s *Screen) Key(ctx context.Context, codes ...int) error { return s.dev.Key(ctx, codes...) }

// Back presses the back key.
func (s *Screen) Back(ctx context.Context) error { return s.dev.Key(ctx, KeyBack) }

// Home presses the home key.
func (s *Screen) Home(ctx context.Context) error { return s.dev.Key(ctx, KeyHome) }

// Type types into the field that has the focus, which the caller has tapped. Printable ASCII only.
func (s *Screen) Type(ctx context.Context, text string) error { return s.dev.Text(ctx, text) }

// Clear empties the field that has the focus: to its end, then back over as many letters as the screen shows in it.
func (s *Screen) Clear(ctx context.Context) error {
	t, err := s.Dump(ctx)
	if err != nil {
		return err
	}
	for n := range t.all() {
		if !n.Focused || n.Text == "" || n.Text == n.Hint {
			continue
		}
		letters := []rune(n.Text)
		keys := []int{adb.KeyMoveEnd}
		for range letters[:min(len(letters), 1000)] {
			keys = append(keys, KeyDelete)
		}
		return s.dev.Key(ctx, keys...)
	}
	return nil
}
