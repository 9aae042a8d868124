// Command noop is the naive external processor that Signalbox is measured
// against: grpc-go with its defaults, messages decoded to protobuf structs,
// every message answered with "continue", nothing else done. What Envoy sends
// (request body BUFFERED; response headers; every response chunk) is Envoy's
// configuration, not this program's. Where that is FULL_DUPLEX_STREAMED, -echo
// says so: every chunk of the response then goes back as it came, as a
// streamed_response, since Envoy passes on only what it is sent.
package main

import (
	"errors"
	"flag"
	"io"
	"log"
	"net"

	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
)

type server struct {
	extproc.UnimplementedExternalProcessorServer
	echo bool // the response body is in full duplex
}

func (s server) Process(stream extproc.ExternalProcessor_ProcessServer) error {
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(s.answer(req)); err != nil {
			return err
		}
	}
}

func (s server) answer(req *extproc.ProcessingRequest) *extproc.ProcessingResponse {
	if chunk := req.GetResponseBody(); s.echo && chunk != nil {
		return echo(chunk)
	}
	return proceed(req)
}

// echo is a chunk of the response, unchanged.
func echo(chunk *extproc.HttpBody) *extproc.ProcessingResponse {
	same := &extproc.StreamedBodyResponse{Body: chunk.GetBody(), EndOfStream: chunk.GetEndOfStream()}
	mutation := &extproc.BodyMutation{Mutation: &extproc.BodyMutation_StreamedResponse{StreamedResponse: same}}
	return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_ResponseBody{
		ResponseBody: &extproc.BodyResponse{Response: &extproc.CommonResponse{BodyMutation: mutation}},
	}}
}

// proceed is the empty answer to a message.
func proceed(req *extproc.ProcessingRequest) *extproc.ProcessingResponse {
	headers := &extproc.HeadersResponse{Response: &extproc.CommonResponse{}}
	body := &extproc.BodyResponse{Response: &extproc.CommonResponse{}}
	switch req.Request.(type) {
	case *extproc.ProcessingRequest_RequestHeaders:
		return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestHeaders{RequestHeaders: headers}}
	case *extproc.ProcessingRequest_RequestBody:
		return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestBody{RequestBody: body}}
	case *extproc.ProcessingRequest_RequestTrailers:
		return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestTrailers{RequestTrailers: &extproc.TrailersResponse{}}}
	case *extproc.ProcessingRequest_ResponseHeaders:
		return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_ResponseHeaders{ResponseHeaders: headers}}
	case *extproc.ProcessingRequest_ResponseBody:
		return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_ResponseBody{ResponseBody: body}}
	}
	return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_ResponseTrailers{ResponseTrailers: &extproc.TrailersResponse{}}}
}

func main() {
	addr := flag.String("listen", "127.0.0.1:0", "address to listen on")
	echo := flag.Bool("echo", false, "send the chunks of the response back, for a response body in full duplex")
	flag.Parse()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	s := grpc.NewServer()
	extproc.RegisterExternalProcessorServer(s, server{echo: *echo})
	log.Fatal(s.Serve(l))
}
