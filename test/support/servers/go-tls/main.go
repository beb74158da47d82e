// A server and a client of crypto/tls, of HTTP/1.1 and HTTP/2. The server answers with the path, the client's port and what it was sent.
package main

import (
	"bytes"
	"crypto/tls"
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

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// server CERT KEY: prints its port.
func serve(cert, key string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, port, _ := net.SplitHostPort(r.RemoteAddr)
		body, err := io.ReadAll(r.Body)
		fail(err)
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "%s %s ", r.URL.Path, port)
		// What is larger than a record, and than a call's buffer, passes through io.Copy.
		io.Copy(w, bytes.NewReader(body))
	})
	server := http.Server{Handler: handler}
	fail(server.ServeTLS(listener, cert, key))
}

// A connection of its own, and on it one request after the other, or for HTTP/2 four at a time.
func talk(url, name string, connection, requests int, pause time.Duration, isH2 bool) error {
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: isH2,
		MaxConnsPerHost:   1,
	}
	if !isH2 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	client := http.Client{Transport: transport}
	ask := func(n int) error {
		path := fmt.Sprintf("/%s/%d/%d", name, connection, n)
		var body io.Reader
		if n%8 == 2 {
			body = bytes.NewReader(bytes.Repeat([]byte("z"), 40000))
		}
		method := map[bool]string{true: "GET", false: "POST"}[body == nil]
		request, err := http.NewRequest(method, url+path, body)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err == nil && (!strings.HasPrefix(string(text), path+" ") || (body != nil && len(text) < 40000)) {
			err = fmt.Errorf("%s: answered with %.40q", path, text)
		}
		return err
	}
	streams := 1
	if isH2 {
		streams = 4
		if err := ask(0); err != nil {
			return err
		}
	}
	errors := make(chan error, streams)
	for stream := 0; stream < streams; stream++ {
		go func(stream int) {
			for n := stream; n < requests; n += streams {
				if isH2 && n == 0 {
					continue
				}
				time.Sleep(pause)
				if err := ask(n); err != nil {
					errors <- err
					return
				}
			}
			errors <- nil
		}(stream)
	}
	for stream := 0; stream < streams; stream++ {
		if err := <-errors; err != nil {
			return err
		}
	}
	return nil
}

// client URL NAME CONNECTIONS REQUESTS SECONDS h1|h2: each connection makes so many requests, with a pause before each.
func ask(args []string) {
	connections, err := strconv.Atoi(args[2])
	fail(err)
	requests, err := strconv.Atoi(args[3])
	fail(err)
	seconds, err := strconv.ParseFloat(args[4], 64)
	fail(err)
	var all sync.WaitGroup
	for connection := 0; connection < connections; connection++ {
		all.Add(1)
		go func(connection int) {
			defer all.Done()
			pause := time.Duration(seconds * float64(time.Second))
			fail(talk(args[0], args[1], connection, requests, pause, args[5] == "h2"))
		}(connection)
	}
	all.Wait()
}

func main() {
	switch os.Args[1] {
	case "server":
		serve(os.Args[2], os.Args[3])
	case "calls":
		calls(os.Args[2], os.Args[3])
	case "client":
		ask(os.Args[2:])
	}
}
