package evidence

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// Files that may be added to a bundle after its sums were taken, because they sign them.
var signatures = []string{"attestation.dsse.json", "leak-verdict.dsse.json", "attestation.sigstore.json"}

// maxFiles bounds how many files a bundle may have.
const maxFiles = 4_000_000

// listing is what a walk of a bundle found: its regular files, sorted, and what does not belong.
type listing struct {
	files   []string
	foreign []Problem
	odd     []Problem // of foreign: links, pipes and devices, which must not even be opened
}

// list walks a bundle without following links.
func list(root *os.Root) (listing, error) {
	var l listing
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case len(l.files) > maxFiles:
			return fmt.Errorf("a bundle has at most %d files", maxFiles)
		case d.IsDir():
			if !knownFolder(name) {
				l.foreign = append(l.foreign, Problem{name, "a folder that no bundle has"})
				return fs.SkipDir
			}
		case d.Type()&fs.ModeSymlink != 0:
			l.odd = append(l.odd, Problem{name, "a symbolic link"})
		case !d.Type().IsRegular():
			l.odd = append(l.odd, Problem{name, "no regular file"})
		case !knownFile(name):
			l.foreign = append(l.foreign, Problem{name, "a file that no bundle has"})
		default:
			l.files = append(l.files, name)
		}
		return nil
	})
	slices.Sort(l.files)
	l.foreign = append(l.foreign, l.odd...)
	return l, err
}

func knownFolder(name string) bool {
	parts := strings.Split(name, "/")
	switch {
	case name == "." || name == phonesName:
		return true
	case parts[0] != phonesName || !plainName(parts[1]):
		return false
	}
	switch len(parts) {
	case 2:
		return true
	case 3:
		return slices.Contains([]string{bodiesName, certsName, actionsName}, parts[2])
	case 4:
		return parts[2] == actionsName && plainName(parts[3])
	}
	return false
}

func knownFile(name string) bool {
	dir, file := path.Split(name)
	parts := strings.Split(strings.TrimSuffix(dir, "/"), "/")
	switch {
	case dir == "":
		return slices.Contains([]string{planName, policyName, runName, verdictsName, reportName, junitName, ctrfName, ginkgoName, summaryName, sumsName, originalName}, file) ||
			slices.Contains(signatures, file) || answersName.MatchString(file)
	case !knownFolder(strings.TrimSuffix(dir, "/")) || len(parts) < 2:
		return false
	case len(parts) == 2:
		return slices.Contains([]string{phoneName, secretsName, attemptsName, flowsName, journalName, resultsName, harName}, file)
	case len(parts) == 3 && parts[2] == bodiesName:
		return isDigest(file)
	case len(parts) == 3 && parts[2] == certsName:
		return isDigest(strings.TrimSuffix(file, ".der")) && strings.HasSuffix(file, ".der")
	case len(parts) == 4:
		return slices.Contains(artefacts, file)
	}
	return false
}

func isDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// summed says whether SHA256SUMS lists a file.
func summed(name string) bool {
	return name != sumsName && !slices.Contains(signatures, name) && !answersName.MatchString(name)
}

// sum writes SHA256SUMS over every file of the bundle, as sha256sum does.
func (b *Bundle) sum() error {
	l, err := list(b.root)
	if err != nil {
		return fmt.Errorf("writing %s: %w", sumsName, err)
	}
	var out strings.Builder
	for _, name := range l.files {
		if !summed(name) {
			continue
		}
		sum, err := digest(b.root, name)
		if err != nil {
			return fmt.Errorf("writing %s: %w", sumsName, err)
		}
		fmt.Fprintf(&out, "%s  %s\n", sum, name)
	}
	if err := b.write(sumsName, []byte(out.String())); err != nil {
		return err
	}
	if len(l.foreign) > 0 {
		return &ForeignError{l.foreign}
	}
	return nil
}

// ForeignError says that a bundle holds what does not belong in one. It was closed all the same, and will not verify
// until that is gone.
type ForeignError struct{ Files []Problem }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s in the bundle is %s; remove it, or `telltale verify` will name it", safe.Text(e.Files[0].File), e.Files[0].Reason)
}

// readSums reads a file of sums: sorted, each path once, none of them leading elsewhere.
func readSums(root *os.Root, name string) (map[string]string, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseSums(f)
}

func parseSums(r io.Reader) (map[string]string, error) {
	sums := map[string]string{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), 4096)
	last := ""
	for n := 1; lines.Scan(); n++ {
		sum, file, ok := strings.Cut(lines.Text(), "  ")
		switch {
		case n > maxFiles:
			return nil, fmt.Errorf("it has more than %d lines", maxFiles)
		case !ok || !isDigest(sum) || !fs.ValidPath(file) || file == ".":
			return nil, fmt.Errorf("line %d is not a sum and a path", n)
		case file <= last:
			return nil, fmt.Errorf("line %d is not in order", n)
		}
		last = file
		sums[file] = sum
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return sums, nil
}
