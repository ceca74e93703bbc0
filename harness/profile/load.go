package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// limit is the size of the largest devices.yaml, in bytes. A farm of a thousand phones needs a third of it.
const limit = 1 << 20

// Version is the version of devices.yaml that Load reads.
const Version = 1

// Load reads and checks a devices.yaml. Nothing but the file itself, and the PEM files that it names, is opened. Every
// error about what the file says is an *Error.
func Load(path string) (*Config, error) {
	r := &reader{file: path}
	src, err := read(path)
	if err != nil {
		return nil, &Error{File: path, Message: "cannot be read: " + err.Error(), Remedy: "name the file with --devices FILE"}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, &Error{File: path, Message: "has no absolute path: " + err.Error(), Remedy: "name the file by its whole path"}
	}
	r.src, r.dir = src, filepath.Dir(abs)
	cfg := r.config(r.parse())
	if r.err != nil {
		return nil, r.err
	}
	sum := sha256.Sum256(src)
	cfg.Path, cfg.SHA256 = abs, hex.EncodeToString(sum[:])
	return cfg, nil
}

// read reads a file of at most limit bytes.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			return nil, pathErr.Err
		}
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			return nil, pathErr.Err
		}
		return nil, err
	}
	if len(src) > limit {
		return nil, errors.New("it is larger than 1 MiB")
	}
	return src, nil
}

// parse gives the one document of the file.
func (r *reader) parse() ast.Node {
	r.checkBytes()
	if r.err != nil {
		return nil
	}
	// Duplicate keys are refused by entries, which says where the first one is.
	file, err := syntaxTree(r.src)
	if err != nil {
		r.syntax(err)
		return nil
	}
	var docs []*ast.DocumentNode
	for _, d := range file.Docs {
		if d != nil && (d.Body != nil || d.Start != nil) {
			docs = append(docs, d)
		}
	}
	if len(docs) == 0 || docs[0].Body == nil {
		r.fail(nil, "begin with version: 1, and name the phones under phones:", "the file says nothing")
		return nil
	}
	if len(docs) > 1 {
		at := position(docs[1].Body)
		if docs[1].Start != nil {
			at = docs[1].Start.Position
		}
		r.failAt(at.Line, at.Column, "remove the --- line, or put the second part in a file of its own", "a second document begins here, and would be ignored")
		return nil
	}
	if !r.plain(docs[0].Body) {
		return nil
	}
	return docs[0].Body
}

// syntaxTree parses. The parser has panicked on broken files before; that too is only a broken file.
func syntaxTree(src []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the parser gave up")
		}
	}()
	return parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
}

// syntax turns the parser's error into one of ours.
func (r *reader) syntax(err error) {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil || e.GetToken().Position == nil {
		r.failAt(1, 1, "check quotes, colons and indentation", "the file is not YAML")
		return
	}
	at := e.GetToken().Position
	message, _, _ := strings.Cut(e.GetMessage(), "\n")
	r.failAt(at.Line, at.Column, "check the quotes, colons and indentation here and in the line above", "the file is not YAML: %s", message)
}
