package shell

import (
	"fmt"
	"strings"
	"time"
)

// clockCommands tell the time, by the phone's clock. Its time zone is GMT.
var clockCommands = map[string]command{"date": date, "uptime": uptime}

func date(c *call) int {
	now, format := c.sh.phone.Now().UTC(), "%a %b %e %H:%M:%S %Z %Y"
	for i := 0; i < len(c.args); i++ {
		switch a := c.args[i]; {
		case a == "-u":
		case strings.HasPrefix(a, "+"):
			format = a[1:]
		default:
			return c.fail(1, "date: cannot set date: Operation not permitted")
		}
	}
	c.println(strftime(now, format))
	return 0
}

func strftime(t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch format[i] {
		case 's':
			fmt.Fprintf(&b, "%d", t.Unix())
		case 'N':
			fmt.Fprintf(&b, "%09d", t.Nanosecond())
		case 'Z':
			zone, _ := t.Zone()
			b.WriteString(strings.Replace(zone, "UTC", "GMT", 1))
		case 'e':
			fmt.Fprintf(&b, "%2d", t.Day())
		case '%':
			b.WriteByte('%')
		default:
			layout, ok := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'a': "Mon", 'b': "Jan",
				'y': "06", 'z': "-0700", 'T': "15:04:05", 'F': "2006-01-02", 'D': "01/02/06", 'p': "PM", 'I': "03"}[format[i]]
			if !ok {
				b.WriteString(format[i-1 : i+1])
				continue
			}
			b.WriteString(t.Format(layout))
		}
	}
	return b.String()
}

func uptime(c *call) int {
	up := c.sh.phone.Uptime()
	c.printf(" %s up %d:%02d, 0 users, load average: 1.00, 1.00, 1.00\n", c.sh.phone.Now().UTC().Format("15:04:05"), int(up.Hours()), int(up.Minutes())%60)
	return 0
}
