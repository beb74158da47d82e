// A client of NATS that keeps its own log: publishes, subscribes, asks and answers with nats.go, and prints each message that it
// sent or got as a JSON line. Waits for a line of input before it sends much at once. Argument: the server's URL.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

type line struct {
	Cmd     string `json:"cmd"`
	Subject string `json:"subject"`
	Size    int    `json:"size"`
}

var (
	out = json.NewEncoder(os.Stdout)
	mu  sync.Mutex
)

func log(cmd, subject string, size int) {
	mu.Lock()
	defer mu.Unlock()
	out.Encode(line{cmd, subject, size})
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type client struct{ *nats.Conn }

func (c client) publish(subject string, data []byte) {
	check(c.Publish(subject, data))
	log("PUB", subject, len(data))
}

func (c client) publishWithHeaders(subject string, headers nats.Header, data []byte) {
	check(c.PublishMsg(&nats.Msg{Subject: subject, Header: headers, Data: data}))
	log("HPUB", subject, len(data))
}

func got(message *nats.Msg) {
	cmd := "MSG"
	if len(message.Header) > 0 {
		cmd = "HMSG"
	}
	log(cmd, message.Subject, len(message.Data))
}

func connect(url string, options ...nats.Option) (client, error) {
	options = append(options, nats.Name("nixie-go"), nats.ReconnectWait(50*time.Millisecond), nats.MaxReconnects(100))
	conn, err := nats.Connect(url, options...)
	return client{conn}, err
}

// Waits until so many messages have come.
func arrive(sender client, all chan *nats.Msg, count int) {
	check(sender.Flush())
	for i := 0; i < count; i++ {
		select {
		case <-all:
		case <-time.After(20 * time.Second):
			check(fmt.Errorf("%d of %d messages came", i, count))
		}
	}
}

func main() {
	url := os.Args[1]
	sender, err := connect(url)
	check(err)
	receiver, err := connect(url)
	check(err)
	all := make(chan *nats.Msg, 10_000)
	_, err = receiver.Subscribe("go.>", func(message *nats.Msg) { got(message); all <- message })
	check(err)
	// Each message goes to one of the two.
	for i := 0; i < 2; i++ {
		_, err = receiver.QueueSubscribe("queue.go", "workers", func(message *nats.Msg) { got(message); all <- message })
		check(err)
	}
	_, err = receiver.Subscribe("ask.go", func(message *nats.Msg) {
		got(message)
		check(message.Respond([]byte("answer")))
		log("PUB", message.Reply, 6)
	})
	check(err)
	check(receiver.Flush())
	sent := 0
	send := func(subject string, data []byte) { sender.publish(subject, data); sent++ }

	send("go.plain", []byte("hello"))
	send("go.empty", nil)
	send("go.binary", []byte{0, 1, 2, 255, 13, 10})
	sender.publishWithHeaders("go.headers", nats.Header{"Trace-Id": {"abc"}, "Authorization": {"Bearer hunter2"}}, []byte("with"))
	sent++
	send("go.big", bytes.Repeat([]byte("0123456789abcdef"), 1<<16))
	arrive(sender, all, sent)
	sent = 0
	// Until it is known what a connection speaks, less of a call is captured.
	bufio.NewReader(os.Stdin).ReadString('\n')
	// Gathered by the client into few calls.
	for i := 0; i < 2000; i++ {
		send(fmt.Sprintf("go.many.%d", i), bytes.Repeat([]byte("x"), i%50))
		if i%500 == 499 {
			arrive(sender, all, sent)
			sent = 0
		}
	}
	for i := 0; i < 20; i++ {
		send("queue.go", []byte("work"))
	}
	arrive(sender, all, sent)
	answer, err := sender.Request("ask.go", []byte("question"), 10*time.Second)
	check(err)
	log("PUB", "ask.go", 8)
	log("MSG", answer.Subject, len(answer.Data))
	_, err = sender.Request("ask.nobody", []byte("?"), 10*time.Second)
	if !errors.Is(err, nats.ErrNoResponders) {
		check(fmt.Errorf("somebody answered: %v", err))
	}
	log("PUB", "ask.nobody", 1)

	// A connection that the server loses comes back and goes on.
	reconnected := make(chan bool, 1)
	sender.SetReconnectHandler(func(*nats.Conn) { reconnected <- true })
	check(sender.ForceReconnect())
	<-reconnected
	send("go.again", []byte("hello again"))
	check(sender.Flush())
	<-all
	sender.Close()
	receiver.Close()

	if _, err := connect(url, nats.UserInfo("somebody", "hunter2-wrong")); err == nil {
		check(errors.New("the server takes any password"))
	}
	verbose, err := connect(url, func(options *nats.Options) error {
		options.Verbose = true
		return nil
	})
	check(err)
	for i := 0; i < 10; i++ {
		verbose.publish(fmt.Sprintf("verbose.go.%d", i), []byte("said"))
	}
	check(verbose.Flush())
	verbose.Close()
}
