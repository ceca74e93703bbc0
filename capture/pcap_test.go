package capture_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/telltale-farm/telltale/capture"
)

// secretsIn gives the key log lines of a pcapng file's Decryption Secrets Blocks.
func secretsIn(t *testing.T, file []byte) (all string) {
	t.Helper()
	for len(file) >= 12 {
		kind, n := binary.LittleEndian.Uint32(file), binary.LittleEndian.Uint32(file[4:])
		if kind == 0x0a {
			size := binary.LittleEndian.Uint32(file[12:])
			all += string(file[16 : 16+size])
		}
		file = file[n:]
	}
	return all
}

// fromPhone joins what the phone sent, as a reader of the packets would.
func fromPhone(t *testing.T, file []byte, proxyPort int) []byte {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	var sent []byte
	next := uint32(0)
	for {
		data, _, err := r.ReadPacketData()
		if err == io.EOF {
			return sent
		}
		if err != nil {
			t.Fatal(err)
		}
		p := gopacket.NewPacket(data, layers.LayerTypeIPv4, gopacket.Default)
		tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
		if !ok || p.ErrorLayer() != nil {
			t.Fatalf("no TCP in %v", p)
		}
		if int(tcp.DstPort) != proxyPort {
			continue
		}
		if tcp.SYN {
			next = tcp.Seq + 1
			continue
		}
		if len(tcp.Payload) > 0 && tcp.Seq != next {
			t.Fatalf("seq %d, want %d", tcp.Seq, next)
		}
		next += uint32(len(tcp.Payload))
		sent = append(sent, tcp.Payload...)
	}
}

func TestPacketsCanBeDecryptedByOthers(t *testing.T) {
	var file bytes.Buffer
	r := newRig(t, echo, func(o *capture.Options) { o.Pcap = &file })
	tc := r.connectTLS("origin.test:443", "origin.test")
	_, _ = io.WriteString(tc, "GET /secret-path HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n")
	_, _ = io.Copy(io.Discard, tc)
	r.stop()
	port := 0
	for _, d := range r.addr[strings.LastIndex(r.addr, ":")+1:] {
		port = port*10 + int(d-'0')
	}
	sent := fromPhone(t, file.Bytes(), port)
	connect, records, ok := bytes.Cut(sent, []byte("\r\n\r\n"))
	if !ok || !bytes.HasPrefix(connect, []byte("CONNECT origin.test:443")) {
		t.Fatalf("%q", connect)
	}
	random := hex.EncodeToString(records[5+6 : 5+6+32])
	var secret []byte
	for line := range strings.Lines(secretsIn(t, file.Bytes())) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "CLIENT_TRAFFIC_SECRET_0" && f[1] == random {
			secret, _ = hex.DecodeString(f[2])
		}
	}
	if len(secret) != sha256.Size {
		t.Fatalf("no secret of this connection (or not of AES-128-GCM-SHA256: %d bytes)", len(secret))
	}
	if got := firstRecord(t, secret, records); !strings.HasPrefix(got, "GET /secret-path") {
		t.Errorf("decrypted %q", got)
	}
}

// TestWiresharkReadsWhatWeRead gives the packet file to tshark, and compares what it decrypts by itself.
func TestWiresharkReadsWhatWeRead(t *testing.T) {
	if testing.Short() {
		t.Skip("runs another program")
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	var file bytes.Buffer
	r := newRig(t, echo, func(o *capture.Options) { o.Pcap = &file })
	for _, h2 := range []bool{false, true} {
		resp, err := r.client(h2).Post("https://origin.test/secret-path?h2="+strconv.FormatBool(h2), "text/plain", strings.NewReader("the query"))
		if err != nil {
			t.Fatal(err)
		}
		_ = readAll(t, resp)
	}
	r.stop()
	name := filepath.Join(t.TempDir(), "phone.pcapng")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(r.addr)
	for _, c := range []struct {
		filter string
		fields []string
		want   string
	}{
		{`http.request.method || http2.headers.method || tcp.analysis.flags || _ws.malformed`, // the last two: what it holds against our packets
			[]string{"http.request.method", "http.request.uri", "http2.headers.method", "http2.headers.path", "tcp.analysis.flags", "_ws.malformed"},
			"CONNECT|origin.test:443||||\nPOST|/secret-path?h2=false||||\nCONNECT|origin.test:443||||\n||POST|/secret-path?h2=true||\n"},
		{`http.request.method == "POST" && http.file_data contains "the query" || http2.data.data contains "the query"`, []string{"tcp.dstport"}, port + "\n" + port + "\n"},
	} {
		args := []string{"-r", name, "-d", "tcp.port==" + port + ",http", "-T", "fields", "-E", "separator=|", "-Y", c.filter}
		for _, f := range c.fields {
			args = append(args, "-e", f)
		}
		var errs bytes.Buffer
		cmd := exec.CommandContext(t.Context(), tshark, args...)
		cmd.Stderr = &errs
		if out, err := cmd.Output(); err != nil || string(out) != c.want {
			t.Errorf("tshark of %s: %v\n%swant\n%s%.500s", c.filter, err, out, c.want, errs.String())
		}
	}
}

// firstRecord decrypts the first record that is under the secret (RFC 8446, sections 5.2 and 7.3).
func firstRecord(t *testing.T, secret, records []byte) string {
	t.Helper()
	expand := func(label string, n int) []byte {
		info := append([]byte{0, byte(n), byte(len("tls13 " + label))}, "tls13 "+label+"\x00"...)
		b, err := hkdf.Expand(sha256.New, secret, string(info), n)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	block, err := aes.NewCipher(expand("key", 16))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := expand("iv", 12)
	for len(records) > 5 {
		n := int(binary.BigEndian.Uint16(records[3:]))
		if plain, err := gcm.Open(nil, nonce, records[5:5+n], records[:5]); err == nil {
			return string(plain)
		}
		records = records[5+n:]
	}
	return ""
}
