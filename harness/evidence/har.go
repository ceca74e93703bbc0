package evidence

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/record"
)

// hars writes capture.har of each phone that has a recording.
func (b *Bundle) hars(v leak.Verdicts, run Run) error {
	var errs []error
	for _, id := range b.phonesOf(v) {
		if err := b.har(id, v, run); err != nil {
			errs = append(errs, fmt.Errorf("writing %s of %s: %w", harName, id, err))
		}
	}
	return errors.Join(errs...)
}

func (b *Bundle) har(id string, v leak.Verdicts, run Run) error {
	write, err := b.harOf(id, v, run)
	if err != nil || write == nil {
		return err
	}
	return writeStream(b.root, phonesName+"/"+id+"/"+harName, write)
}

// harOf gives what writes a phone's capture.har; nil if the phone has no recording.
func (b *Bundle) harOf(id string, v leak.Verdicts, run Run) (func(io.Writer) error, error) {
	dir := phonesName + "/" + id
	sub, err := fs.Sub(b.FS(), dir)
	if err != nil {
		return nil, err
	}
	r, err := record.Open(sub)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	kind := ""
	for _, c := range v.Cells {
		if c.Phone == id {
			kind = c.Kind
		}
	}
	meta := record.HARMeta{Version: run.Telltale, Phone: id, Comment: banner(kind)}
	return func(w io.Writer) error { return record.WriteHAR(w, r, meta) }, nil
}

// writeStream is writeWhole of something too large to hold.
func writeStream(root *os.Root, name string, write func(io.Writer) error) error {
	tmp := name + ".tmp"
	f, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, root.Remove(tmp))
	}
	return root.Rename(tmp, name)
}
