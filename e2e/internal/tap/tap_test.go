package tap

import (
	"net"
	"testing"

	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// once answers one message and leaves.
type once struct {
	extproc.UnimplementedExternalProcessorServer
}

func (once) Process(s extproc.ExternalProcessor_ProcessServer) error {
	if _, err := s.Recv(); err != nil {
		return err
	}
	return s.Send(&extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestHeaders{RequestHeaders: &extproc.HeadersResponse{}}})
}

func TestTap(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	extproc.RegisterExternalProcessorServer(g, once{})
	go g.Serve(l) //nolint:errcheck // ends with Stop
	defer g.Stop()
	listen := "unix:" + t.TempDir() + "/tap.sock"
	tap, err := Start(listen, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	cc, err := grpc.NewClient(listen, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	s, err := extproc.NewExternalProcessorClient(cc).Process(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(&extproc.ProcessingRequest{Request: &extproc.ProcessingRequest_RequestHeaders{RequestHeaders: &extproc.HttpHeaders{}}}); err != nil {
		t.Fatal(err)
	}
	for s.Context().Err() == nil {
		if _, err := s.Recv(); err != nil {
			break
		}
	}
	all := tap.Streams()
	if len(all) != 1 || len(all[0].Messages) != 2 || all[0].Messages[0].Request.GetRequestHeaders() == nil || all[0].Messages[1].Response.GetRequestHeaders() == nil {
		t.Errorf("recorded %+v", all)
	}
}
