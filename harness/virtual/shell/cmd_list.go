package shell

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// listCommands describe files.
var listCommands = map[string]command{"ls": ls, "stat": stat, "df": df, "du": du, "find": find}

func ls(c *call) int {
	letters, names := c.flags()
	if len(names) == 0 {
		names = []string{"."}
	}
	has := func(r string) bool { return strings.Contains(letters, r) }
	var files, dirs []string
	code := 0
	for _, n := range names {
		info, err := c.sh.phone.Files.Stat(c.path(n), !has("l") || strings.HasSuffix(n, "/"))
		switch {
		case err != nil:
			code = c.fail(1, "ls: %s: %s", n, reason(err))
		case info.IsDir() && !has("d"):
			dirs = append(dirs, n)
		default:
			files = append(files, n)
		}
	}
	for _, n := range files {
		if info, err := c.sh.phone.Files.Stat(c.path(n), !has("l")); err == nil {
			c.line(n, info, has("l"))
		}
	}
	for i, d := range dirs {
		entries, err := c.sh.phone.Files.ReadDir(c.path(d))
		if err != nil {
			code = c.fail(1, "ls: %s: %s", d, reason(err))
			continue
		}
		if len(names) > 1 {
			if i+len(files) > 0 {
				c.println("")
			}
			c.println(d + ":")
		}
		if has("l") {
			c.printf("total %d\n", 4*len(entries))
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") || has("a") || has("A") {
				c.line(e.Name(), e, has("l"))
			}
		}
	}
	return code
}

func (c *call) line(name string, info phone.FileInfo, long bool) {
	if !long {
		c.println(name)
		return
	}
	if info.Target != "" {
		name += " -> " + info.Target
	}
	owner := user(info.UID)
	c.printf("%s 1 %s %s %d %s %s\n", modeText(info.Mode()), owner, owner, info.Size(), info.ModTime().UTC().Format("2006-01-02 15:04"), name)
}

func user(uid uint32) string {
	switch uid {
	case phone.RootUID:
		return "root"
	case 1000:
		return "system"
	case phone.MediaUID:
		return "media_rw"
	case phone.ShellUID:
		return "shell"
	}
	if uid >= 10000 {
		return fmt.Sprintf("u0_a%d", uid-10000)
	}
	return strconv.Itoa(int(uid))
}

// modeText is ls's way: drwxrwx--x.
func modeText(m fs.FileMode) string {
	kind := "-"
	switch {
	case m.IsDir():
		kind = "d"
	case m&fs.ModeSymlink != 0:
		kind = "l"
	}
	return kind + m.Perm().String()[1:]
}

func stat(c *call) int {
	args, format := c.args, ""
	if len(args) > 1 && args[0] == "-c" {
		format, args = args[1], args[2:]
	}
	return c.each(args, func(name string) error {
		i, err := c.sh.phone.Files.Stat(c.path(name), format != "")
		if err != nil {
			return err
		}
		mode := fmt.Sprintf("%o", i.Mode().Perm())
		if format == "" {
			c.printf("  File: %s\n  Size: %d\t Blocks: %d\t IO Blocks: 512\n Access: (0%s/%s)\tUid: (%5d/ %s)\nModify: %s\n", name, i.Size(),
				(i.Size()+511)/512, mode, modeText(i.Mode()), i.UID, user(i.UID), i.ModTime().UTC().Format("2006-01-02 15:04:05.000000000"))
			return nil
		}
		c.println(strings.NewReplacer("%s", strconv.FormatInt(i.Size(), 10), "%a", mode, "%A", modeText(i.Mode()), "%n", name,
			"%Y", strconv.FormatInt(i.ModTime().Unix(), 10), "%u", strconv.Itoa(int(i.UID)), "%U", user(i.UID)).Replace(format))
		return nil
	})
}

func df(c *call) int {
	used, size := c.sh.phone.Files.Usage()
	letters, _ := c.flags()
	unit := func(n int64) string { return strconv.FormatInt(n>>10, 10) }
	head := "1K-blocks"
	if strings.Contains(letters, "h") {
		head, unit = "Size", func(n int64) string { return strconv.FormatInt(n>>20, 10) + "M" }
	}
	free := max(0, size-used)
	percent := int64(100)
	if size > 0 {
		percent = min(100, (used*100+size-1)/size)
	}
	c.printf("%-20s %10s %10s %10s %4s %s\n", "Filesystem", head, "Used", "Available", "Use%", "Mounted on")
	for _, m := range [][2]string{{"/dev/block/dm-0", "/data"}, {"/data/media", "/storage/emulated"}} {
		c.printf("%-20s %10s %10s %10s %3d%% %s\n", m[0], unit(size), unit(used), unit(free), percent, m[1])
	}
	return 0
}

func du(c *call) int {
	_, names := c.flags()
	if len(names) == 0 {
		names = []string{"."}
	}
	return c.each(names, func(name string) error {
		var total int64
		err := c.walk(c.path(name), 0, func(_ string, i phone.FileInfo) { total += (i.Size() + 1023) / 1024 })
		if err == nil {
			c.printf("%d\t%s\n", total, name)
		}
		return err
	})
}

// walk visits a tree.
func (c *call) walk(name string, depth int, visit func(string, phone.FileInfo)) error {
	info, err := c.sh.phone.Files.Stat(name, false)
	if err != nil || depth > 64 {
		return err
	}
	visit(name, info)
	if !info.IsDir() {
		return nil
	}
	entries, err := c.sh.phone.Files.ReadDir(name)
	for _, e := range entries {
		if err := c.walk(path.Join(name, e.Name()), depth+1, visit); err != nil {
			return err
		}
	}
	return err
}

// find knows -name and -type.
func find(c *call) int {
	roots := []string{}
	args := c.args
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		roots, args = append(roots, args[0]), args[1:]
	}
	if len(roots) == 0 {
		roots = []string{"."}
	}
	pattern, kind := "*", ""
	for i := 0; i+1 < len(args); i += 2 {
		switch args[i] {
		case "-name":
			pattern = args[i+1]
		case "-type":
			kind = args[i+1]
		case "-maxdepth":
		default:
			return c.fail(1, "find: bad arg '%s'", args[i])
		}
	}
	return c.each(roots, func(root string) error {
		abs := c.path(root)
		return c.walk(abs, 0, func(name string, i phone.FileInfo) {
			ok, _ := path.Match(pattern, path.Base(name))
			if ok && (kind == "" || kind == "d" == i.IsDir()) {
				c.println(root + strings.TrimPrefix(name, abs))
			}
		})
	})
}
