package shell

import (
	"errors"
	"strconv"

	"mvdan.cc/sh/v3/syntax"
)

// prepare changes a parsed script where the interpreter would look at this process instead of the phone, and where mksh
// differs: $$, $PPID and $! are the phone's; a job in the background whose output goes elsewhere outlives the session.
func (s *session) prepare(file *syntax.File) error {
	var bad error
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ParamExp:
			if n.Param != nil {
				switch n.Param.Value {
				case "$":
					n.Param.Value = "__pid"
				case "PPID":
					n.Param.Value = "__ppid"
				}
			}
		case *syntax.Word:
			lastJob(n.Parts)
		case *syntax.DblQuoted:
			lastJob(n.Parts)
		case *syntax.ProcSubst:
			bad = errors.New("unexpected '('")
		case *syntax.Stmt:
			if n.Background && elsewhere(n.Redirs) {
				s.detach(n)
			}
		}
		return bad == nil
	})
	return bad
}

// lastJob makes $! a question to the session.
func lastJob(parts []syntax.WordPart) {
	for i, p := range parts {
		if e, ok := p.(*syntax.ParamExp); ok && e.Param != nil && e.Param.Value == "!" && e.Exp == nil && e.Slice == nil {
			parts[i] = &syntax.CmdSubst{Left: e.Pos(), Right: e.End(), Stmts: []*syntax.Stmt{simple("__lastbg")}}
		}
	}
}

func simple(words ...string) *syntax.Stmt {
	call := &syntax.CallExpr{}
	for _, w := range words {
		call.Args = append(call.Args, &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: w}}})
	}
	return &syntax.Stmt{Cmd: call}
}

// elsewhere tells whether redirections take the standard output away from the session.
func elsewhere(redirs []*syntax.Redirect) bool {
	for _, r := range redirs {
		switch r.Op {
		case syntax.RdrOut, syntax.AppOut, syntax.RdrClob:
			if r.N == nil || r.N.Value == "1" {
				return true
			}
		case syntax.RdrAll, syntax.AppAll:
			return true
		}
	}
	return false
}

// detach replaces a statement by a call that starts it on its own, with the parameters of the script.
func (s *session) detach(st *syntax.Stmt) {
	job := *st
	job.Background = false
	s.mu.Lock()
	s.jobs = append(s.jobs, &job)
	number := len(s.jobs) - 1
	s.mu.Unlock()
	call := simple("__detach", strconv.Itoa(number)).Cmd.(*syntax.CallExpr)
	all := &syntax.ParamExp{Short: true, Param: &syntax.Lit{Value: "@"}}
	call.Args = append(call.Args, &syntax.Word{Parts: []syntax.WordPart{&syntax.DblQuoted{Parts: []syntax.WordPart{all}}}})
	st.Cmd, st.Redirs, st.Background = call, nil, false
}

// readsInput tells whether a script may read its standard input by itself; commands get it from the session.
func readsInput(file *syntax.File) bool {
	reads := false
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ForClause:
			reads = reads || n.Select
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				switch n.Args[0].Lit() {
				case "read", "eval", ".", "source", "command", "builtin", "":
					reads = true
				}
			}
		}
		return !reads
	})
	return reads
}
