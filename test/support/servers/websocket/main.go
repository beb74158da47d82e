// WebSocket by two libraries of Go, and HTTP/2 by Upgrade: a server, and a client that prints what was said as JSON lines.
//
//	websocket server PORT          /gorilla/…, /coder/…; anything else answers by HTTP/1.1, or HTTP/2 after Upgrade: h2c
//	websocket client gorilla|coder URL
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

const done = 4001

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ── Server: says everything again ────────────────────────────────────────────

var upgrader = gorilla.Upgrader{EnableCompression: true, CheckOrigin: func(*http.Request) bool { return true }}

func serveGorilla(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		kind, said, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, said) != nil {
			return
		}
	}
}

func serveCoder(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 1})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	for {
		kind, said, err := conn.Read(r.Context())
		if err != nil || conn.Write(r.Context(), kind, said) != nil {
			return
		}
	}
}

func serve(port string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/gorilla/", serveGorilla)
	mux.HandleFunc("/coder/", serveCoder)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/missing") {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprintf(w, "%s %s", r.Proto, r.URL.Path)
	})
	must(http.ListenAndServe("127.0.0.1:"+port, h2c.NewHandler(mux, &http2.Server{})))
}

// ── Client ───────────────────────────────────────────────────────────────────

type line struct {
	Sender string `json:"sender"`
	Type   string `json:"type"`
	Size   int    `json:"size"`
	Body   string `json:"body"`
	Code   int    `json:"code"`
}

func log(sender, kind, said string, code int) {
	body := said
	if len(body) > 20 {
		body = body[:20]
	}
	if kind == "binary" {
		body = ""
	}
	must(json.NewEncoder(os.Stdout).Encode(line{sender, kind, len(said), body, code}))
}

var kinds = map[int]string{1: "text", 2: "binary"}

func messages() (all []string) {
	for i, size := range []int{1, 20, 125, 126, 1000, 66000, 30, 30, 30} {
		all = append(all, strings.Repeat(fmt.Sprintf("message %d ", i), size/10+1)[:size])
	}
	return
}

func askGorilla(url string) {
	dialer := gorilla.Dialer{EnableCompression: true}
	conn, _, err := dialer.Dial(url, nil)
	must(err)
	for i, said := range messages() {
		kind := 1 + i%2
		conn.EnableWriteCompression(i != 3)
		must(conn.WriteMessage(kind, []byte(said)))
		log("client", kinds[kind], said, 0)
		kind, again, err := conn.ReadMessage()
		must(err)
		log("server", kinds[kind], string(again), 0)
	}
	must(conn.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(done, "that is all"), time.Now().Add(time.Second)))
	log("client", "close", "that is all", done)
	_, _, err = conn.ReadMessage()
	if closed, ok := err.(*gorilla.CloseError); ok {
		log("server", "close", closed.Text, closed.Code)
	}
}

func askCoder(url string) {
	ctx := context.Background()
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 1})
	must(err)
	conn.SetReadLimit(1 << 20)
	for i, said := range messages() {
		kind := websocket.MessageType(1 + i%2)
		must(conn.Write(ctx, kind, []byte(said)))
		log("client", kinds[int(kind)], said, 0)
		kind, again, err := conn.Read(ctx)
		must(err)
		log("server", kinds[int(kind)], string(again), 0)
	}
	log("client", "close", "that is all", done)
	must(conn.Close(done, "that is all"))
}

func main() {
	switch os.Args[1] {
	case "server":
		serve(os.Args[2])
	case "client":
		if os.Args[2] == "gorilla" {
			askGorilla(os.Args[3])
		} else {
			askCoder(os.Args[3])
		}
	}
}
