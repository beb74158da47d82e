// traffic: HTTP with a known truth, for the guest. One process serves, the other asks.
//
//	traffic serve PORT            net/http: /n/I answers I bytes; /chunked/I in I chunks; POST /echo; /slow; /close
//	traffic ask PORT N TAG        N requests on one kept connection, then 3 chunked, a POST, a HEAD, a 404, one on a fresh connection
//	traffic calls PORT            raw sockets: each pair of calls twice; then what they sent and received
//	traffic flood PORT SECONDS RATE CONNS
//	traffic as UID CAPABILITIES COMMAND…   runs it with that account and these capabilities (numbers with commas between), no others
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "traffic:", err)
		os.Exit(1)
	}
}

func serve(port string) {
	mux := http.NewServeMux()
	number := func(r *http.Request) int {
		n, _ := strconv.Atoi(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
		return n
	}
	mux.HandleFunc("/n/", func(w http.ResponseWriter, r *http.Request) {
		n := number(r)
		w.Header().Set("Content-Length", strconv.Itoa(n))
		w.Write(bytes.Repeat([]byte("x"), n))
	})
	mux.HandleFunc("/chunked/", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < number(r); i++ {
			fmt.Fprintf(w, "chunk %d\n", i)
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(201)
		w.Write(body)
	})
	mux.HandleFunc("/close", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "bye")
	})
	check(http.ListenAndServe("127.0.0.1:"+port, mux))
}

func ask(port string, count int, tag string) {
	base := "http://127.0.0.1:" + port
	opened := 0
	client := &http.Client{Transport: &http.Transport{Dial: func(network, addr string) (net.Conn, error) {
		opened++
		return net.Dial(network, addr)
	}}}
	truth := func(method, path, query string, body string) {
		request, err := http.NewRequest(method, base+path+query, strings.NewReader(body))
		check(err)
		answer, err := client.Do(request)
		check(err)
		got, err := io.ReadAll(answer.Body)
		check(err)
		answer.Body.Close()
		fmt.Printf("%s %s%s %d %d %d\n", method, path, query, answer.StatusCode, len(body), len(got))
	}
	for i := 0; i < count; i++ {
		truth("GET", fmt.Sprintf("/n/%d", i*37), "?"+tag, "")
	}
	for i := 1; i <= 3; i++ {
		truth("GET", fmt.Sprintf("/chunked/%d", i), "?"+tag, "")
	}
	truth("POST", "/echo", "?"+tag, "the body of "+tag)
	truth("POST", "/echo", "?big"+tag, strings.Repeat("y", 9000))
	truth("HEAD", "/n/12", "?"+tag, "")
	truth("GET", "/missing", "?"+tag, "")
	truth("GET", "/close", "?"+tag, "")
	truth("GET", "/n/1", "?last"+tag, "")
	fmt.Fprintf(os.Stderr, "connections opened: %d\n", opened)
}

type iovec struct {
	base *byte
	len  uint64
}
type msghdr struct {
	name    *byte
	namelen uint32
	_       uint32
	iov     *iovec
	iovlen  uint64
	control *byte
	ctllen  uint64
	flags   int32
	_       int32
}
type mmsghdr struct {
	hdr msghdr
	len uint32
	_   uint32
}

func raw(nr uintptr, a ...uintptr) int {
	var x [6]uintptr
	copy(x[:], a)
	for {
		n, _, e := syscall.Syscall6(nr, x[0], x[1], x[2], x[3], x[4], x[5])
		if e == syscall.EINTR {
			continue
		}
		if e != 0 {
			check(e)
		}
		return int(n)
	}
}

func pieces(b []byte) []iovec {
	h := len(b) / 2
	return []iovec{{&b[0], uint64(h)}, {&b[h], uint64(len(b) - h)}}
}

func send(how string, fd uintptr, b []byte) int {
	iov := pieces(b)
	switch how {
	case "write":
		return raw(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	case "sendto":
		return raw(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
	case "writev":
		return raw(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&iov[0])), 2)
	case "sendmsg":
		m := msghdr{iov: &iov[0], iovlen: 2}
		return raw(syscall.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&m)), 0)
	case "sendmmsg":
		m := []mmsghdr{{hdr: msghdr{iov: &iov[0], iovlen: 1}}, {hdr: msghdr{iov: &iov[1], iovlen: 1}}}
		if raw(sysSendmmsg, fd, uintptr(unsafe.Pointer(&m[0])), 2, 0) != 2 {
			panic("sendmmsg")
		}
		return int(m[0].len + m[1].len)
	}
	panic(how)
}

// What goes from a file or a pipe into a socket in the kernel; programs send a header by another call before.
func pass(how string, fd uintptr, b []byte) {
	switch how {
	case "sendfile":
		file, err := os.CreateTemp("/tmp", "sendfile")
		check(err)
		_, err = file.Write(b)
		check(err)
		raw(syscall.SYS_SENDFILE, fd, file.Fd(), uintptr(unsafe.Pointer(new(int64))), uintptr(len(b)))
		os.Remove(file.Name())
		file.Close()
	case "splice":
		read, write, err := os.Pipe()
		check(err)
		_, err = write.Write(b)
		check(err)
		raw(syscall.SYS_SPLICE, read.Fd(), 0, fd, 0, uintptr(len(b)), 0)
		read.Close()
		write.Close()
	}
}

func receive(how string, fd uintptr, b []byte) int {
	iov := []iovec{{&b[0], 20}, {&b[20], uint64(len(b) - 20)}}
	switch how {
	case "read":
		return raw(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	case "recvfrom":
		return raw(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
	case "readv":
		return raw(syscall.SYS_READV, fd, uintptr(unsafe.Pointer(&iov[0])), 2)
	case "recvmsg":
		m := msghdr{iov: &iov[0], iovlen: 2}
		return raw(syscall.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&m)), 0)
	case "recvmmsg":
		m := []mmsghdr{{hdr: msghdr{iov: &iov[0], iovlen: 2}}}
		raw(sysRecvmmsg, fd, uintptr(unsafe.Pointer(&m[0])), 1, 0, 0)
		return int(m[0].len)
	}
	panic(how)
}

// A request and its answer; how each goes out and comes in. Returns the bytes of both.
func exchange(path string, client, server uintptr, out, in string) (int, int) {
	buffer := make([]byte, 4096)
	request := []byte("POST " + path + " HTTP/1.1\r\nHost: calls\r\nContent-Length: 9\r\n\r\nabcdefghi")
	head, body := []byte("HTTP/1.1 202 Accepted\r\nContent-Length: 12\r\n\r\n"), []byte("hello world!")
	passed := out == "sendfile" || out == "splice"
	if passed {
		send("write", client, request)
	} else {
		send(out, client, request)
	}
	for got := 0; got < len(request); got += receive(in, server, buffer) {
	}
	if passed {
		send("write", server, head)
		pass(out, server, body)
	} else {
		send(out, server, append(head, body...))
	}
	answered := len(head) + len(body)
	for got := 0; got < answered; got += receive(in, client, buffer) {
	}
	fmt.Printf("POST %s 202 9 12\n", path)
	return len(request), answered
}

func calls(port string) {
	sends := []string{"write", "sendto", "writev", "sendmsg", "sendmmsg", "sendfile", "splice"}
	receives := []string{"read", "recvfrom", "readv", "recvmsg", "recvmmsg", "read", "recvfrom"}
	number, _ := strconv.Atoi(port)
	listener, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	check(err)
	syscall.SetsockoptInt(listener, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	address := &syscall.SockaddrInet4{Port: number, Addr: [4]byte{127, 0, 0, 1}}
	check(syscall.Bind(listener, address))
	check(syscall.Listen(listener, 16))
	requested, answered := 0, 0
	for i := range sends {
		client, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		check(err)
		check(syscall.Connect(client, address))
		server, _, err := syscall.Accept(listener)
		check(err)
		for round := 0; round < 2; round++ {
			path := fmt.Sprintf("/calls/%s/%s?%d", sends[i], receives[i], round)
			sent, got := exchange(path, uintptr(client), uintptr(server), sends[i], receives[i])
			requested += sent
			answered += got
		}
		syscall.Close(client)
		syscall.Close(server)
	}
	fmt.Printf("%d %d %d %d\n", os.Getpid(), len(sends), requested, answered)
	// It stays until it is ended, so that its counters can be compared.
	time.Sleep(time.Hour)
}

func as(uid int, list string, command []string) {
	child := exec.Command(command[0], command[1:]...)
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)},
		Pdeathsig:  syscall.SIGKILL,
	}
	for _, one := range strings.Split(list, ",") {
		number, err := strconv.Atoi(one)
		check(err)
		child.SysProcAttr.AmbientCaps = append(child.SysProcAttr.AmbientCaps, uintptr(number))
	}
	check(child.Start())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() { child.Process.Signal(<-signals) }()
	child.Wait()
	os.Exit(child.ProcessState.ExitCode())
}

func flood(port string, seconds, rate, conns int) {
	done := make(chan int)
	for c := 0; c < conns; c++ {
		go func(c int) {
			conn, err := net.Dial("tcp", "127.0.0.1:"+port)
			check(err)
			reader := bufio.NewReader(conn)
			began, sent := time.Now(), 0
			for time.Since(began) < time.Duration(seconds)*time.Second {
				if due := began.Add(time.Duration(sent) * time.Second * time.Duration(conns) / time.Duration(rate)); time.Now().Before(due) {
					time.Sleep(time.Until(due))
				}
				fmt.Fprintf(conn, "GET /n/100?flood HTTP/1.1\r\nHost: f\r\n\r\n")
				answer, err := http.ReadResponse(reader, nil)
				check(err)
				io.Copy(io.Discard, answer.Body)
				sent++
			}
			done <- sent
		}(c)
	}
	total := 0
	for c := 0; c < conns; c++ {
		total += <-done
	}
	fmt.Println(total)
}

func main() {
	n := func(i int) int { v, _ := strconv.Atoi(os.Args[i]); return v }
	switch os.Args[1] {
	case "serve":
		serve(os.Args[2])
	case "ask":
		ask(os.Args[2], n(3), os.Args[4])
	case "calls":
		calls(os.Args[2])
	case "as":
		runtime.LockOSThread()
		as(n(2), os.Args[3], os.Args[4:])
	case "flood":
		flood(os.Args[2], n(3), n(4), n(5))
	}
}
