package harness_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// sending are the methods that send a command to a phone.
var sending = []string{"Shell", "Exec", "Script", "read", "shell", "input"}

// programs of Android whose first words say what they do; wherever a text is one of them, a command begins.
var programs = []string{"am", "pm", "cmd", "dumpsys", "settings", "ime", "wm", "svc", "uiautomator", "screencap", "screenrecord", "logcat", "log", "getprop", "service", "content", "reboot"}

// known finds commands in a script.
var known = regexp.MustCompile(`\b(?:dumpsys [a-z_]+(?: --?[a-z]+| trafficcontroller| policy| windows| displays)?|settings (?:get|put|delete)|am [a-z-]+|pm [a-z-]+(?: packages)?|cmd package [a-z-]+|` +
	`ime [a-z]+|wm [a-z-]+|svc [a-z]+|input [a-z]+|uiautomator dump|screencap -p|screenrecord|logcat|getprop|df -k|date \+|setsid|nohup|nsenter|mount|chcon|pidof|sha256sum|su -c|su root)\b`)

// TestEveryCommandIsDocumented: each command that the product can send to a phone is in the table of docs/phones.md.
func TestEveryCommandIsDocumented(t *testing.T) {
	raw, err := os.ReadFile("../docs/phones.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(raw), "## What is sent to a phone\n")
	if !ok {
		t.Fatal("docs/phones.md has no table of commands")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	found := map[string]string{}
	for _, dir := range []string{"../adb", "../adb/ui", ".", "action"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(filepath.Base(name), "paper") {
				commandsIn(t, name, found)
			}
		}
	}
	if len(found) < 30 {
		t.Errorf("only %d commands were found: this test looks for them in the wrong way", len(found))
	}
	for command, where := range found {
		if !strings.Contains(table, command) {
			t.Errorf("%s sends %q, and docs/phones.md does not say so", where, command)
		}
	}
	explained, err := os.ReadFile("testdata/explain.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(explained)) {
		for _, c := range known.FindAllString(line, -1) {
			if !strings.Contains(table, strings.TrimSpace(c)) {
				t.Errorf("doctor sends %q, and docs/phones.md does not say so", c)
			}
		}
	}
}

// commandsIn collects what a file sends: the words that a call begins with, and what the scripts among its texts hold.
func commandsIn(t *testing.T, name string, found map[string]string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, ok := literal(n); ok && strings.ContainsAny(text, ";\n$|") && strings.Contains(text, " ") {
				for _, c := range known.FindAllString(text, -1) {
					found[strings.TrimSpace(c)] = name
				}
			}
		case *ast.CompositeLit:
			if words := beginning(n.Elts); words != "" {
				found[words] = name
			}
		case *ast.CallExpr:
			if words := beginning(n.Args); words != "" {
				found[words] = name
			}
			called := ""
			switch f := n.Fun.(type) {
			case *ast.SelectorExpr:
				called = f.Sel.Name
			case *ast.Ident:
				called = f.Name
			}
			if called == "StartActivity" {
				found["am start"] = name
			} else if slices.Contains(sending, called) {
				if words := leading(n.Args); words != "" {
					found[words] = name
				}
			}
		}
		return true
	})
}

// beginning is what follows the name of one of Android's programs.
func beginning(args []ast.Expr) string {
	for i, a := range args {
		if lit, ok := a.(*ast.BasicLit); ok {
			if text, ok := literal(lit); ok && slices.Contains(programs, text) {
				return leading(args[i:])
			}
		}
	}
	return ""
}

// leading are the words that a command begins with, up to its options.
func leading(args []ast.Expr) string {
	var words []string
	for _, a := range args {
		lit, ok := a.(*ast.BasicLit)
		if !ok {
			if len(words) > 0 {
				break
			}
			continue
		}
		text, ok := literal(lit)
		if !ok || text == "" || len(words) > 0 && (strings.HasPrefix(text, "-") || strings.ContainsAny(text, "/:%")) || strings.ContainsAny(text, ";$|") {
			break
		}
		if len(words) == 0 && (strings.Contains(text, " ") || strings.HasPrefix(text, "-")) {
			continue // what is being done, in words
		}
		words = append(words, text)
	}
	return strings.Join(words, " ")
}

func literal(l *ast.BasicLit) (string, bool) {
	if l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

// TestEverySwitchIsDocumented: each switch that is read of a phone is in docs/phones.md, with how far it is known.
func TestEverySwitchIsDocumented(t *testing.T) {
	raw, err := os.ReadFile("../docs/phones.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(raw), "## What it is told to send\n")
	if !ok {
		t.Fatal("docs/phones.md has no table of switches")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	for _, c := range catalogue.Conditions(true) {
		i := strings.Index(table, "| "+c.Name+" | `"+c.Namespace+" "+c.Key+"`")
		if i < 0 {
			t.Errorf("%s (%s %s) is read, and docs/phones.md does not say so", c.Name, c.Namespace, c.Key)
			continue
		}
		row, _, _ := strings.Cut(table[i:], "\n")
		if !strings.Contains(row, string(c.Certainty)) || c.Source == "" || c.Xiaomi != strings.Contains(row, "| Xiaomi |") {
			t.Errorf("the catalogue says of %s: %s, of Xiaomi alone %v; docs/phones.md: %s", c.Name, c.Certainty, c.Xiaomi, row)
		}
	}
}
