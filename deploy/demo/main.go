// Command demo is every container of the sample workloads. It speaks plain HTTP only.
//
//	demo serve [ADDR]        answers with who it is and what it calls; ADDR defaults to :8080. By the environment:
//	                         CALLS   addresses that each request asks in turn, separated by spaces
//	                         FAIL    share of requests that are answered with 503 (0.05)
//	                         DELAY   longest time that an answer waits (20ms)
//	demo load RATE URL...    asks the addresses in turn, RATE times a second
//	demo get URL             asks once and prints the answer
//	demo crash               ends with an error at once
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

type answer struct {
	Host  string            `json:"host"`
	Path  string            `json:"path"`
	Calls map[string]string `json:"calls,omitempty"`
}

var client = &http.Client{Timeout: 5 * time.Second}

func main() {
	command, args := "serve", os.Args[1:]
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch {
	case command == "serve":
		serve(append(args, ":8080")[0])
	case command == "load" && len(args) > 1:
		load(args[0], args[1:])
	case command == "get" && len(args) == 1:
		status, body, err := get(args[0])
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n%s", status, body)
	case command == "crash":
		log.Fatal("crashes, as it was told to")
	default:
		log.Fatal("usage: demo serve [ADDR] | load RATE URL... | get URL | crash")
	}
}

func serve(addr string) {
	host, _ := os.Hostname()
	calls := strings.Fields(os.Getenv("CALLS"))
	fail, _ := strconv.ParseFloat(os.Getenv("FAIL"), 64)
	delay, _ := time.ParseDuration(os.Getenv("DELAY"))
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if delay > 0 {
			time.Sleep(time.Duration(rand.Int63n(int64(delay))))
		}
		out := answer{Host: host, Path: r.URL.Path, Calls: map[string]string{}}
		status := http.StatusOK
		for _, url := range calls {
			called, _, err := get(url)
			if err != nil {
				called = err.Error()
			}
			if !strings.HasPrefix(called, "2") {
				status = http.StatusBadGateway
			}
			out.Calls[url] = called
		}
		if rand.Float64() < fail {
			status = http.StatusServiceUnavailable
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(out)
	})
	log.Printf("listens on %s", addr)
	log.Fatal(http.ListenAndServe(addr, nil))
}

func load(rate string, urls []string) {
	perSecond, err := strconv.ParseFloat(rate, 64)
	if err != nil || perSecond <= 0 {
		log.Fatalf("RATE: %q is not a number above 0", rate)
	}
	failed := false
	for i := 0; ; i++ {
		_, _, err := get(urls[i%len(urls)])
		if err != nil && !failed {
			log.Print(err)
		}
		failed = err != nil
		// A new connection now and then, or one replica would get all of it.
		if i%8 == 7 {
			client.CloseIdleConnections()
		}
		time.Sleep(time.Duration(float64(time.Second) / perSecond))
	}
}

func get(url string) (status, body string, err error) {
	response, err := client.Get(url)
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	bytes, err := io.ReadAll(response.Body)
	return response.Status, string(bytes), err
}
