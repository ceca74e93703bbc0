package shell

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
)

// textCommands filter lines.
var textCommands = map[string]command{
	"head": head, "tail": tail, "wc": wc, "cut": cutCommand, "sort": sortCommand, "uniq": uniq, "tr": tr, "sed": sed, "seq": seq,
}

// maxLine is the longest line a filter reads.
const maxLine = 1 << 20

// lines reads the input line by line until use says stop, or the command is cancelled.
func (c *call) lines(in io.Reader, use func(line string) bool) {
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 0, 4096), maxLine)
	for c.ctx.Err() == nil && sc.Scan() {
		if !use(sc.Text()) {
			return
		}
	}
}

// sources runs a filter over files, or the standard input if there are none.
func (c *call) sources(names []string, do func(io.Reader) error) int {
	if len(names) == 0 {
		names = []string{"-"}
	}
	return c.each(names, func(name string) error {
		if name == "-" {
			return do(c.in)
		}
		data, err := c.sh.phone.Files.Read(c.path(name))
		if err != nil {
			return err
		}
		return do(bytes.NewReader(data))
	})
}

// count reads "-n 5", "-n5", "-5" and "-c 5" in front of file names.
func (c *call) count() (n int, unit byte, fromStart bool, names []string, ok bool) {
	n, unit = 10, 'n'
	args := c.args
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		a := args[0][1:]
		args = args[1:]
		if a[0] == 'n' || a[0] == 'c' {
			unit, a = a[0], a[1:]
			if a == "" && len(args) > 0 {
				a, args = args[0], args[1:]
			}
		} else if a == "f" || a == "q" {
			continue
		}
		fromStart = strings.HasPrefix(a, "+")
		v, err := strconv.Atoi(strings.TrimLeft(a, "+-"))
		if err != nil {
			return 0, 0, false, nil, false
		}
		n = v
	}
	return n, unit, fromStart, args, true
}

func head(c *call) int {
	n, unit, _, names, ok := c.count()
	if !ok {
		return c.usage()
	}
	return c.sources(names, func(r io.Reader) error {
		if unit == 'c' {
			_, err := io.Copy(c.out, io.LimitReader(r, int64(n)))
			return ignorePipe(err)
		}
		left := n
		if left > 0 {
			c.lines(r, func(line string) bool { c.println(line); left--; return left > 0 })
		}
		return nil
	})
}

func tail(c *call) int {
	n, unit, fromStart, names, ok := c.count()
	if !ok {
		return c.usage()
	}
	return c.sources(names, func(r io.Reader) error {
		if unit == 'c' {
			data, err := io.ReadAll(io.LimitReader(r, maxStored))
			if err == nil {
				_, _ = c.out.Write(data[max(0, len(data)-n):])
			}
			return err
		}
		var kept []string
		number := 0
		c.lines(r, func(line string) bool {
			if number++; fromStart {
				if number >= n {
					c.println(line)
				}
				return true
			}
			if kept = append(kept, line); len(kept) > n {
				kept = kept[1:]
			}
			return true
		})
		for _, line := range kept {
			c.println(line)
		}
		return nil
	})
}

func wc(c *call) int {
	letters, names := c.flags()
	if letters == "" {
		letters = "lwc"
	}
	return c.sources(names, func(r io.Reader) error {
		data, err := io.ReadAll(io.LimitReader(r, maxStored))
		var parts []string
		for _, f := range []struct {
			letter string
			n      int
		}{{"l", bytes.Count(data, []byte("\n"))}, {"w", len(bytes.Fields(data))}, {"c", len(data)}} {
			if strings.Contains(letters, f.letter) {
				parts = append(parts, strconv.Itoa(f.n))
			}
		}
		c.println(strings.Join(parts, " "))
		return err
	})
}

func cutCommand(c *call) int {
	delim, fields, chars := "\t", "", ""
	args := c.args
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		key, value := args[0][:2], args[0][2:]
		args = args[1:]
		if value == "" && len(args) > 0 {
			value, args = args[0], args[1:]
		}
		switch key {
		case "-d":
			delim = value
		case "-f":
			fields = value
		case "-c", "-b":
			chars = value
		}
	}
	return c.sources(args, func(r io.Reader) error {
		c.lines(r, func(line string) bool {
			if chars != "" {
				c.println(pick(strings.Split(line, ""), chars, ""))
			} else if strings.Contains(line, delim) {
				c.println(pick(strings.Split(line, delim), fields, delim))
			} else {
				c.println(line)
			}
			return true
		})
		return nil
	})
}

// pick joins the parts that a list such as "1,3-4,6-" names.
func pick(parts []string, list, sep string) string {
	var out []string
	for item := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(item, "-")
		lo, _ := strconv.Atoi(from)
		hi, err := strconv.Atoi(to)
		if lo == 0 {
			lo = 1
		}
		switch {
		case !isRange:
			hi = lo
		case err != nil:
			hi = len(parts)
		}
		for i := lo; i <= hi && i <= len(parts); i++ {
			out = append(out, parts[i-1])
		}
	}
	return strings.Join(out, sep)
}

func sortCommand(c *call) int {
	letters, names := c.flags()
	var all []string
	code := c.sources(names, func(r io.Reader) error {
		c.lines(r, func(line string) bool { all = append(all, line); return len(all) < 1<<20 })
		return nil
	})
	slices.SortStableFunc(all, func(a, b string) int {
		if strings.Contains(letters, "n") {
			x, _ := strconv.ParseFloat(strings.TrimSpace(a), 64)
			y, _ := strconv.ParseFloat(strings.TrimSpace(b), 64)
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
		return strings.Compare(a, b)
	})
	if strings.Contains(letters, "r") {
		slices.Reverse(all)
	}
	if strings.Contains(letters, "u") {
		all = slices.Compact(all)
	}
	for _, line := range all {
		c.println(line)
	}
	return code
}

func uniq(c *call) int {
	letters, names := c.flags()
	return c.sources(names, func(r io.Reader) error {
		last, n := "", 0
		flush := func() {
			switch {
			case n == 0:
			case strings.Contains(letters, "c"):
				c.printf("%7d %s\n", n, last)
			default:
				c.println(last)
			}
		}
		c.lines(r, func(line string) bool {
			if n > 0 && line != last {
				flush()
				n = 0
			}
			last = line
			n++
			return true
		})
		flush()
		return nil
	})
}

func tr(c *call) int {
	letters, sets := c.flags()
	if len(sets) == 0 || len(sets) == 1 && !strings.Contains(letters, "d") {
		return c.usage()
	}
	data, err := io.ReadAll(io.LimitReader(c.in, maxStored))
	if err != nil {
		return 1
	}
	from := expandSet(sets[0])
	var to []byte
	if len(sets) > 1 {
		to = expandSet(sets[1])
	}
	out := data[:0]
	for _, b := range data {
		i := bytes.IndexByte(from, b)
		switch {
		case i < 0:
			out = append(out, b)
		case strings.Contains(letters, "d"):
		case len(to) > 0:
			out = append(out, to[min(i, len(to)-1)])
		}
	}
	_, _ = c.out.Write(out)
	return 0
}

// expandSet reads a-z and the escapes \n \r \t \\ \0.
func expandSet(text string) []byte {
	text = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t", `\\`, `\`, `\0`, "\x00").Replace(text)
	var out []byte
	for i := 0; i < len(text); i++ {
		if i+2 < len(text) && text[i+1] == '-' && text[i] <= text[i+2] {
			for b := int(text[i]); b <= int(text[i+2]); b++ {
				out = append(out, byte(b))
			}
			i += 2
			continue
		}
		out = append(out, text[i])
	}
	return out
}

func seq(c *call) int {
	var nums []int
	for _, a := range c.args {
		n, err := strconv.Atoi(a)
		if err != nil {
			return c.usage()
		}
		nums = append(nums, n)
	}
	from, step, to := 1, 1, 0
	switch len(nums) {
	case 1:
		to = nums[0]
	case 2:
		from, to = nums[0], nums[1]
	case 3:
		from, step, to = nums[0], nums[1], nums[2]
	default:
		return c.usage()
	}
	for i := from; step > 0 && i <= to || step < 0 && i >= to; i += step {
		if c.ctx.Err() != nil {
			return hangup
		}
		c.println(strconv.Itoa(i))
	}
	return 0
}
