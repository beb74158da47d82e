// A constant-rate HTTP/1.1 client: keep-alive connections, a fixed schedule of sends, latencies of every answer.
// It prints one JSON line: {"requests", "errors", "seconds", "p50us", "p99us"}. Latency counts from the send.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"sync"
	"time"
)

func drive(addr, path string, interval time.Duration, first, until time.Time) (latencies []float64, failed int) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, 1
	}
	defer conn.Close()
	reader := bufio.NewReader(conn)
	request := []byte(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n", path))
	for at := first; at.Before(until) && time.Now().Before(until); at = at.Add(interval) {
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		start := time.Now()
		if _, err := conn.Write(request); err != nil {
			return latencies, failed + 1
		}
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return latencies, failed + 1
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		latencies = append(latencies, float64(time.Since(start).Nanoseconds())/1e3)
	}
	return latencies, failed
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "server")
	path := flag.String("path", "/", "path")
	rate := flag.Int("rate", 2000, "requests per second, all connections together; 0: as many as go")
	conns := flag.Int("conns", 16, "connections")
	seconds := flag.Int("seconds", 5, "duration")
	flag.Parse()

	var interval time.Duration
	if *rate > 0 {
		interval = time.Duration(int64(time.Second) * int64(*conns) / int64(*rate))
	}
	start := time.Now().Add(50 * time.Millisecond)
	until := start.Add(time.Duration(*seconds) * time.Second)
	var all []float64
	var errors int
	var lock sync.Mutex
	var group sync.WaitGroup
	for i := 0; i < *conns; i++ {
		group.Add(1)
		go func(first time.Time) {
			defer group.Done()
			latencies, failed := drive(*addr, *path, interval, first, until)
			lock.Lock()
			all = append(all, latencies...)
			errors += failed
			lock.Unlock()
		}(start.Add(interval * time.Duration(i) / time.Duration(*conns)))
	}
	group.Wait()
	sort.Float64s(all)
	quantile := func(q float64) float64 {
		if len(all) == 0 {
			return 0
		}
		return all[int(q*float64(len(all)-1))]
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"requests": len(all), "errors": errors, "seconds": time.Since(start).Seconds(),
		"p50us": quantile(0.5), "p99us": quantile(0.99),
	})
}
