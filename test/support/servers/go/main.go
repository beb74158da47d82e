// An HTTP server of Go that keeps its own log. Prints its port; argument: the log file (a JSON object per line).
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

type line struct {
	Method       string `json:"method"`
	Path         string `json:"path"`
	Status       int    `json:"status"`
	ReqBodySize  int    `json:"req_body_size"`
	RespBodySize int    `json:"resp_body_size"`
	Latency      int64  `json:"latency"`
	RemotePort   int    `json:"remote_port"`
}

var (
	zipped = gzipItems()
	large  = []byte(strings.Repeat("0123456789", 10_000))
	binary = makeBinary()
)

func gzipItems() []byte {
	var items []string
	for i := 0; i < 200; i++ {
		items = append(items, fmt.Sprintf(`{"id":%d,"name":"item %d"}`, i, i))
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	io.WriteString(w, `{"items":[`+strings.Join(items, ",")+`]}`)
	w.Close()
	return out.Bytes()
}

func makeBinary() []byte {
	out := make([]byte, 1024)
	for i := range out {
		out[i] = byte(i)
	}
	return out
}

func chunks() (parts [][]byte) {
	for i := 0; i < 5; i++ {
		parts = append(parts, []byte(fmt.Sprintf("chunk %d\n", i)))
	}
	return
}

// answer gives status, content type and parts; more than one part goes out chunked.
func answer(w http.ResponseWriter, r *http.Request, body []byte) (int, string, [][]byte) {
	switch r.URL.Path {
	case "/hello":
		return 200, "text/plain", [][]byte{[]byte("hello\n")}
	case "/json":
		return 200, "application/json", [][]byte{[]byte(`{"ok":true}`)}
	case "/chunked":
		return 200, "text/plain", chunks()
	case "/gzip":
		w.Header().Set("Content-Encoding", "gzip")
		return 200, "application/json", [][]byte{zipped}
	case "/large":
		return 200, "text/plain", [][]byte{large}
	case "/binary":
		return 200, "application/octet-stream", [][]byte{binary}
	case "/not-modified":
		w.Header().Set("ETag", `"1"`)
		return 304, "", nil
	case "/item":
		return 204, "", nil
	case "/secret":
		w.Header().Set("Set-Cookie", "session=hunter2")
		return 200, "text/plain", [][]byte{[]byte("hello\n")}
	case "/echo":
		return 200, "text/plain", [][]byte{body}
	case "/slow":
		ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		time.Sleep(time.Duration(ms) * time.Millisecond)
		return 200, "text/plain", [][]byte{[]byte("slow\n")}
	default:
		return 404, "text/plain", [][]byte{[]byte("nothing here\n")}
	}
}

func main() {
	log, err := os.OpenFile(os.Args[1], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	var mutex sync.Mutex
	handler := func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		body, _ := io.ReadAll(r.Body)
		status, contentType, parts := answer(w, r, body)
		size := 0
		for _, part := range parts {
			size += len(part)
		}
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		if len(parts) == 1 {
			w.Header().Set("Content-Length", strconv.Itoa(size))
		}
		w.WriteHeader(status)
		if r.Method == "HEAD" {
			size = 0
		} else {
			for _, part := range parts {
				w.Write(part)
				if len(parts) > 1 {
					w.(http.Flusher).Flush()
				}
			}
		}
		if size > 0 {
			w.(http.Flusher).Flush()
		}
		_, port, _ := net.SplitHostPort(r.RemoteAddr)
		remotePort, _ := strconv.Atoi(port)
		text, _ := json.Marshal(line{r.Method, r.URL.RequestURI(), status, len(body), size, int64(time.Since(started)), remotePort})
		mutex.Lock()
		defer mutex.Unlock()
		log.Write(append(text, '\n'))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(handler)))
}
