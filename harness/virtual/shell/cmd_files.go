package shell

import (
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// fileCommands change and read files.
var fileCommands = map[string]command{
	"cat": cat, "rm": rm, "rmdir": rmdir, "mkdir": mkdir, "mv": mv, "cp": cp, "chmod": chmod, "chown": func(c *call) int { return c.fail(1, "chown: '%s': Operation not permitted", c.arg(1)) },
	"touch": touch, "ln": ln, "readlink": readlink, "realpath": readlink, "tee": tee, "dd": dd, "sync": func(*call) int { return 0 },
	"basename": func(c *call) int { c.println(strings.TrimSuffix(path.Base(c.arg(0)), c.arg(1))); return 0 },
	"dirname":  func(c *call) int { c.println(path.Dir(c.arg(0))); return 0 },
	"pwd":      func(c *call) int { c.println(c.dir); return 0 },
}

// flags splits leading options of one letter from the rest: "-rf a" gives "rf", [a].
func (c *call) flags() (letters string, rest []string) {
	rest = c.args
	for len(rest) > 0 && len(rest[0]) > 1 && rest[0][0] == '-' {
		arg := rest[0]
		rest = rest[1:]
		if arg == "--" {
			break
		}
		letters += strings.TrimLeft(arg, "-")
	}
	return letters, rest
}

// each does something to every argument and prints what fails, as toybox does: "rm: a: No such file or directory".
func (c *call) each(names []string, do func(name string) error) int {
	code := 0
	for _, n := range names {
		if err := do(n); err != nil {
			code = c.fail(1, "%s: %s: %s", c.name, n, reason(err))
		}
	}
	return code
}

func cat(c *call) int {
	_, names := c.flags()
	if len(names) == 0 {
		names = []string{"-"}
	}
	return c.each(names, func(name string) error {
		if name == "-" {
			_, err := io.Copy(c.out, c.in)
			return ignorePipe(err)
		}
		data, err := c.sh.phone.Files.Read(c.path(name))
		if err == nil {
			_, err = c.out.Write(data)
			err = ignorePipe(err)
		}
		return err
	})
}

// ignorePipe drops the error of a reader that went away: a command dies of it silently.
func ignorePipe(error) error { return nil }

func rm(c *call) int {
	letters, names := c.flags()
	all, force := strings.ContainsAny(letters, "rR"), strings.Contains(letters, "f")
	return c.each(names, func(name string) error {
		info, err := c.sh.phone.Files.Stat(c.path(name), false)
		switch {
		case err != nil && force:
			return nil
		case err == nil && info.IsDir() && !all:
			return &fs.PathError{Op: "rm", Path: name, Err: errIsDir}
		case err != nil:
			return err
		}
		return c.sh.phone.Files.Remove(c.path(name), all)
	})
}

func rmdir(c *call) int {
	_, names := c.flags()
	return c.each(names, func(name string) error { return c.sh.phone.Files.Remove(c.path(name), false) })
}

func mkdir(c *call) int {
	letters, names := c.flags()
	return c.each(names, func(name string) error { return c.sh.phone.Files.Mkdir(c.path(name), strings.Contains(letters, "p")) })
}

// target is where a file goes that is moved or copied to a name: into it, if it is a directory.
func (c *call) target(from, to string) string {
	to = c.path(to)
	if info, err := c.sh.phone.Files.Stat(to, true); err == nil && info.IsDir() {
		return path.Join(to, path.Base(from))
	}
	return to
}

func mv(c *call) int {
	_, names := c.flags()
	if len(names) < 2 {
		return c.usage()
	}
	to := names[len(names)-1]
	return c.each(names[:len(names)-1], func(name string) error { return c.sh.phone.Files.Rename(c.path(name), c.target(name, to)) })
}

func cp(c *call) int {
	letters, names := c.flags()
	if len(names) < 2 {
		return c.usage()
	}
	to := names[len(names)-1]
	return c.each(names[:len(names)-1], func(name string) error {
		return c.copyTree(c.path(name), c.target(name, to), strings.ContainsAny(letters, "rRa"), 0)
	})
}

func (c *call) copyTree(from, to string, all bool, depth int) error {
	files := c.sh.phone.Files
	info, err := files.Stat(from, true)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		data, err := files.Read(from)
		if err != nil {
			return err
		}
		return files.Write(to, data, info.Mode(), false)
	}
	if !all || depth > 32 || strings.HasPrefix(to+"/", from+"/") {
		return &fs.PathError{Op: "cp", Path: from, Err: errIsDir}
	}
	if err := files.Mkdir(to, true); err != nil {
		return err
	}
	entries, err := files.ReadDir(from)
	for _, e := range entries {
		if err = c.copyTree(path.Join(from, e.Name()), path.Join(to, e.Name()), all, depth+1); err != nil {
			break
		}
	}
	return err
}

func chmod(c *call) int {
	_, names := c.flags()
	if len(names) < 2 {
		return c.usage()
	}
	mode := names[0]
	return c.each(names[1:], func(name string) error {
		info, err := c.sh.phone.Files.Stat(c.path(name), true)
		if err != nil {
			return err
		}
		bits, ok := modeBits(mode, info.Mode().Perm())
		if !ok {
			return &fs.PathError{Op: "chmod", Path: name, Err: errInvalid}
		}
		return c.sh.phone.Files.Chmod(c.path(name), bits)
	})
}

// modeBits reads 755, +x, u+w, a-r.
func modeBits(text string, old fs.FileMode) (fs.FileMode, bool) {
	if n, err := strconv.ParseUint(text, 8, 12); err == nil {
		return fs.FileMode(n) & fs.ModePerm, true
	}
	at := strings.IndexAny(text, "+-=")
	if at < 0 {
		return 0, false
	}
	who, op, what := text[:at], text[at], text[at+1:]
	var bits, mask fs.FileMode
	for _, r := range what {
		i := strings.IndexRune("xwr", r)
		if i < 0 {
			return 0, false
		}
		bits |= 0o111 << i
	}
	if who == "" || strings.Contains(who, "a") {
		who = "ugo"
	}
	for i, r := range "ogu" {
		if strings.ContainsRune(who, r) {
			mask |= 0o7 << (3 * i)
		}
	}
	switch op {
	case '+':
		return old | bits&mask, true
	case '-':
		return old &^ (bits & mask), true
	}
	return old&^mask | bits&mask, true
}

func touch(c *call) int {
	_, names := c.flags()
	return c.each(names, func(name string) error {
		p := c.path(name)
		if _, err := c.sh.phone.Files.Stat(p, true); err != nil {
			return c.sh.phone.Files.Write(p, nil, 0o660, true)
		}
		return c.sh.phone.Files.Chtimes(p, c.sh.phone.Now())
	})
}

func ln(c *call) int {
	letters, names := c.flags()
	if len(names) != 2 || !strings.Contains(letters, "s") {
		return c.usage()
	}
	to := c.target(names[0], names[1])
	if strings.Contains(letters, "f") {
		_ = c.sh.phone.Files.Remove(to, false)
	}
	return c.each(names[1:], func(string) error { return c.sh.phone.Files.Symlink(names[0], to) })
}

func readlink(c *call) int {
	letters, names := c.flags()
	return c.each(names, func(name string) error {
		whole := c.name == "realpath" || strings.Contains(letters, "f")
		info, err := c.sh.phone.Files.Stat(c.path(name), whole)
		switch {
		case err != nil:
			return err
		case whole:
			c.println(info.Real)
		case info.Target == "":
			return &fs.PathError{Op: "readlink", Path: name, Err: errInvalid}
		default:
			c.println(info.Target)
		}
		return nil
	})
}

func tee(c *call) int {
	letters, names := c.flags()
	data, err := io.ReadAll(io.LimitReader(c.in, maxStored))
	if err != nil {
		return 1
	}
	_, _ = c.out.Write(data)
	return c.each(names, func(name string) error {
		return c.sh.phone.Files.Write(c.path(name), data, 0o660, strings.Contains(letters, "a"))
	})
}

// dd copies with if=, of=, bs= and count=.
func dd(c *call) int {
	opt := map[string]string{"bs": "512"}
	for _, a := range c.args {
		k, v, _ := strings.Cut(a, "=")
		opt[k] = v
	}
	var data []byte
	var err error
	if name := opt["if"]; name == "" {
		data, err = io.ReadAll(io.LimitReader(c.in, maxStored))
	} else if name == "/dev/zero" {
		size, _ := bytesOf(opt["bs"])
		n, _ := strconv.ParseInt(opt["count"], 10, 32)
		data = make([]byte, max(0, min(size*n, maxStored)))
	} else {
		data, err = c.sh.phone.Files.Read(c.path(name))
	}
	if err == nil && opt["of"] != "" {
		err = c.sh.phone.Files.Write(c.path(opt["of"]), data, 0o660, false)
	} else if err == nil {
		_, _ = c.out.Write(data)
	}
	if err != nil {
		return c.fail(1, "dd: %s", reason(err))
	}
	return 0
}

const maxStored = 128 << 20

// bytesOf reads a size: 512, 4k, 1m.
func bytesOf(text string) (int64, bool) {
	unit := int64(1)
	switch {
	case strings.HasSuffix(strings.ToLower(text), "k"):
		unit = 1 << 10
	case strings.HasSuffix(strings.ToLower(text), "m"):
		unit = 1 << 20
	}
	n, err := strconv.ParseInt(strings.TrimRight(text, "kKmM"), 10, 32)
	if err != nil || n < 0 {
		return 0, false
	}
	return n * unit, true
}
