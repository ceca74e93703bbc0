package adbd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPromptAndAccept(t *testing.T) {
	adb := startADB(t)
	prompts := make(chan Key, 8)
	phone, _ := startPhone(t, Options{Auth: Prompt, OnPrompt: func(k Key) { prompts <- k }})
	serial := phone.Addr().String()
	unauthorised := func() {
		t.Helper()
		if r := adb.run(t, nil, "connect", serial); !strings.Contains(r.out+r.err, "failed to authenticate") {
			t.Errorf("connect: %+v", r)
		}
		if got := adb.state(t, phone); got != "unauthorized" {
			t.Errorf("state %q", got)
		}
	}
	device := func() {
		t.Helper()
		adb.back(t, phone)
		if got := adb.adb(t, phone, "shell", "echo", "in"); got != "in\n" {
			t.Errorf("%q", got)
		}
	}
	unauthorised()
	key := <-prompts
	pub, err := os.ReadFile(filepath.Join(adb.home, ".android", "adbkey.pub"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err == nil {
		if want, err := parseKey(string(pub)); err != nil || key.Fingerprint != want.Fingerprint {
			t.Errorf("prompted for %s, the file has %s, %v", key.Fingerprint, want.Fingerprint, err)
		}
	}
	if got := phone.Pending(); len(got) != 1 || got[0].Fingerprint != key.Fingerprint || !strings.Contains(key.Name, "@") {
		t.Errorf("pending %+v", got)
	}
	if n := phone.Accept(false); n != 1 {
		t.Errorf("accepted %d", n)
	}
	device()

	// "Allow" without "always": the next link asks again.
	adb.run(t, nil, "disconnect", serial)
	unauthorised()
	<-prompts
	phone.Accept(true)
	device()

	// A remembered key needs no prompt, also when the server comes back by itself.
	phone.DropLinks()
	device()
	adb.run(t, nil, "disconnect", serial)
	adb.connect(t, phone)
	if len(prompts) != 0 {
		t.Error("asked for a remembered key")
	}

	phone.Unauthorise()
	adb.run(t, nil, "disconnect", serial)
	unauthorised()
	if got := phone.Accept(true); got != 1 {
		t.Errorf("accepted %d", got)
	}
	device()
	if got := phone.Accept(true); got != 0 {
		t.Errorf("accepted %d with nothing pending", got)
	}
}

func TestAuthPolicies(t *testing.T) {
	adb := startADB(t)
	all, _ := startPhone(t, Options{Auth: AcceptAll})
	adb.run(t, nil, "connect", all.Addr().String()) // says "failed to authenticate": the key is accepted a moment later
	adb.back(t, all)
	all.mu.Lock()
	keys := len(all.keys)
	all.mu.Unlock()
	if keys != 1 {
		t.Errorf("AcceptAll remembers %d keys", keys)
	}
	none, _ := startPhone(t, Options{Auth: Refuse})
	adb.run(t, nil, "connect", none.Addr().String())
	if got := adb.state(t, none); got != "unauthorized" {
		t.Errorf("Refuse: %q", got)
	}
	if got := none.Accept(true); got != 0 {
		t.Errorf("Refuse accepted %d", got)
	}
	if got := none.Stats().Online; got != 0 {
		t.Errorf("%d links online", got)
	}
}

func TestKnownKey(t *testing.T) {
	adb := startADB(t)
	ask, _ := startPhone(t, Options{Auth: Prompt})
	adb.run(t, nil, "connect", ask.Addr().String())
	pub := adb.run(t, nil, "pubkey", filepath.Join(adb.home, ".android", "adbkey")).out
	if _, err := parseKey(pub); err != nil {
		t.Fatalf("%q: %v", pub, err)
	}
	known, _ := startPhone(t, Options{Auth: Prompt, Known: []string{"junk", pub}})
	adb.connect(t, known)
	if got := adb.state(t, known); got != "device" {
		t.Errorf("state %q", got)
	}
}

func TestParseKeyRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":        "",
		"not base64":   "!!!! user@host",
		"short":        "QAAAAA== user@host",
		"zero modulus": strings.Repeat("A", 696) + "AAA= u@h",
	} {
		if k, err := parseKey(text); err == nil {
			t.Errorf("%s: %+v", name, k)
		}
	}
}
