// gRPC in the clear, without generated code: a server, and a client that prints what it called as JSON lines.
//
//	grpc server PORT [h2c PORT]
//	grpc client HOST:PORT NAME
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type text = wrapperspb.StringValue

const service = "shop.Orders"

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ── Server ───────────────────────────────────────────────────────────────────

func get(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	asked := new(text)
	if err := decode(asked); err != nil {
		return nil, err
	}
	grpc.SetTrailer(ctx, metadata.Pairs("x-server", "go"))
	if strings.HasPrefix(asked.Value, "missing") {
		return nil, status.Error(codes.NotFound, "no such order: "+asked.Value)
	}
	if asked.Value == "slow" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return wrapperspb.String("order " + asked.Value), nil
}

func list(_ any, stream grpc.ServerStream) error {
	asked := new(text)
	if err := stream.RecvMsg(asked); err != nil {
		return err
	}
	for i := range 5 {
		if err := stream.SendMsg(wrapperspb.String(fmt.Sprintf("%s %d", asked.Value, i))); err != nil {
			return err
		}
	}
	return nil
}

func upload(_ any, stream grpc.ServerStream) error {
	bytes := 0
	for {
		part := new(text)
		if err := stream.RecvMsg(part); errors.Is(err, io.EOF) {
			return stream.SendMsg(wrapperspb.String(fmt.Sprintf("%d bytes", bytes)))
		} else if err != nil {
			return err
		}
		bytes += len(part.Value)
	}
}

func chat(_ any, stream grpc.ServerStream) error {
	for {
		said := new(text)
		if err := stream.RecvMsg(said); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(wrapperspb.String("re: " + said.Value)); err != nil {
			return err
		}
	}
}

var description = grpc.ServiceDesc{
	ServiceName: service,
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: get}},
	Streams: []grpc.StreamDesc{
		{StreamName: "List", Handler: list, ServerStreams: true},
		{StreamName: "Upload", Handler: upload, ClientStreams: true},
		{StreamName: "Chat", Handler: chat, ServerStreams: true, ClientStreams: true},
	},
}

func serve(port string, plain string) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	must(err)
	server := grpc.NewServer()
	server.RegisterService(&description, struct{}{})
	go func() { must(server.Serve(listener)) }()

	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	protocols.SetHTTP1(true)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Got", fmt.Sprint(len(body)))
		fmt.Fprintf(w, "go %s %s", r.Method, r.URL.Path)
	})
	web := &http.Server{Addr: "127.0.0.1:" + plain, Handler: handler, Protocols: protocols}
	must(web.ListenAndServe())
}

// ── Client ───────────────────────────────────────────────────────────────────

type called struct {
	Path     string `json:"path"`
	Code     int    `json:"code"`
	Sent     int    `json:"sent"`
	Received int    `json:"received"`
}

var out = json.NewEncoder(os.Stdout)

func log(path string, err error, sent, received int) {
	must(out.Encode(called{"/" + service + "/" + path, int(status.Code(err)), sent, received}))
}

func call(target, name string) {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(err)
	defer connection.Close()
	background := metadata.AppendToOutgoingContext(context.Background(), "x-client", name, "authorization", "Bearer hunter2")
	path := func(method string) string { return "/" + service + "/" + method }

	for i := range 40 {
		asked := fmt.Sprintf("%s-%d", name, i)
		if i%10 == 9 {
			asked = "missing-" + asked
		}
		options := []grpc.CallOption{}
		if i%10 == 8 {
			options = append(options, grpc.UseCompressor(gzip.Name))
		}
		answer := new(text)
		err := connection.Invoke(background, path("Get"), wrapperspb.String(asked), answer, options...)
		received := 1
		if err != nil {
			received = 0
		}
		log("Get", err, 1, received)
	}

	late, cancel := context.WithTimeout(background, 300*time.Millisecond)
	log("Get", connection.Invoke(late, path("Get"), wrapperspb.String("slow"), new(text)), 1, 0)
	cancel()

	stream := func(method string, sends int, together bool) {
		description := grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
		s, err := connection.NewStream(background, &description, path(method))
		must(err)
		received := 0
		for i := range sends {
			must(s.SendMsg(wrapperspb.String(fmt.Sprintf("%s part %d", name, i))))
			if together {
				must(s.RecvMsg(new(text)))
				received++
			}
		}
		must(s.CloseSend())
		for {
			err := s.RecvMsg(new(text))
			if errors.Is(err, io.EOF) {
				log(method, nil, sends, received)
				return
			}
			must(err)
			received++
		}
	}
	for range 5 {
		stream("List", 1, false)
		stream("Upload", 7, false)
		stream("Chat", 3, true)
	}
}

func main() {
	if len(os.Args) < 4 {
		must(errors.New("grpc server PORT PLAIN_PORT | grpc client HOST:PORT NAME"))
	}
	if os.Args[1] == "server" {
		serve(os.Args[2], os.Args[3])
	}
	call(os.Args[2], os.Args[3])
}
