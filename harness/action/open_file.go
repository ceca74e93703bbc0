package action

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

type openFile struct{ folder, file *harness.Canary }

// OpenFile makes a folder on the phone with a file in it, both with names that nobody else has, opens them in the phone's
// file manager, and removes them.
func OpenFile(folder, file *harness.Canary) harness.Action { return openFile{folder, file} }

func (openFile) Name() string { return "open-file" }

func (o openFile) About() harness.About {
	return harness.About{
		Scope: leak.ScopePhone, Claims: []leak.Claim{leak.ClaimContent}, Canaries: []*harness.Canary{o.folder, o.file},
		Postcondition: "the folder with the file, and then the file",
	}
}

func (o openFile) Run(ctx context.Context, d *harness.Driver) (err error) {
	manager, err := installed(ctx, d, "a file manager", catalogue.FileManagers())
	if err != nil {
		return err
	}
	folder, file := "/sdcard/"+o.folder.Value(), o.file.Value()+".txt"
	if err := d.MakeFolder(ctx, folder); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Remove(ctx, folder)) }()
	if err := d.Put(ctx, folder+"/"+file, []byte("nothing\n")); err != nil {
		return err
	}
	if err := o.open(ctx, d, manager); err != nil {
		return err
	}
	entry, err := d.ScrollTo(ctx, "the file in its folder", []catalogue.Selector{{Texts: []string{file, o.file.Value()}}})
	if err != nil {
		return err
	}
	list, err := d.Screen.Focus(ctx)
	if err != nil {
		return err
	}
	x, y := entry.Bounds.Center()
	if err := d.Device.Tap(ctx, x, y); err != nil {
		return err
	}
	// A viewer, or the question which one: either way the file manager was told to open it.
	if err := d.AwaitFocus(ctx, "what opens the file", func(window string) bool { return window != "" && window != list.Window }); err != nil {
		return err
	}
	return d.Screen.Home(ctx)
}

// open brings the file manager to the front, with the folder open in it.
func (o openFile) open(ctx context.Context, d *harness.Driver, manager catalogue.Entry) error {
	if manager.Files == nil {
		return &harness.NotPerformed{Want: "to open a folder in " + manager.Package, Got: "the catalogue does not say how"}
	}
	if manager.Files.Documents {
		const folders = "content://com.android.externalstorage.documents/document/"
		return launch(ctx, d, manager.Package, "-a", "android.intent.action.VIEW", "-t", "vnd.android.document/directory",
			"-d", folders+strings.ReplaceAll(url.QueryEscape("primary:"+o.folder.Value()), "+", "%20"), "-p", manager.Package)
	}
	if err := start(ctx, d, manager.Package, manager.Launch); err != nil {
		return err
	}
	if err := d.Front(ctx, manager.Package); err != nil {
		return err
	}
	if err := d.Dismiss(ctx, manager); err != nil {
		return err
	}
	for _, step := range manager.Files.Storage {
		if err := d.Tap(ctx, "the phone's own storage", []catalogue.Selector{step}); err != nil {
			return err
		}
	}
	row, err := d.ScrollTo(ctx, "the folder", []catalogue.Selector{{Texts: []string{o.folder.Value()}}})
	if err != nil {
		return err
	}
	x, y := row.Bounds.Center()
	return d.Device.Tap(ctx, x, y)
}
