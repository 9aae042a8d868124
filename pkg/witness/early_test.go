package witness

import (
	"context"
	"encoding/hex"
	"net"
	"testing"
	"testing/synctest"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	datav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	alsv3 "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func entry(kind datav3.AccessLogType) *datav3.HTTPAccessLogEntry {
	meta, err := structpb.NewStruct(map[string]any{"facts": "x", "ticket": hex.EncodeToString(ticketOfLines[:])})
	if err != nil {
		panic(err) // literals
	}
	return &datav3.HTTPAccessLogEntry{
		CommonProperties: &datav3.AccessLogCommon{
			SampleRate: 1, StartTime: &timestamppb.Timestamp{Seconds: 1795519516, Nanos: 600079000},
			TimeToFirstUpstreamRxByte: durationpb.New(1234 * time.Millisecond), UpstreamCluster: "a~", UpstreamRequestAttemptCount: 2,
			Metadata:             &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"other": meta, "signalbox": meta}},
			IntermediateLogEntry: true, AccessLogType: kind, RouteName: "signalbox",
		},
		Request:  &datav3.HTTPRequestProperties{RequestId: "id", Path: "/v1", RequestBodyBytes: 13},
		Response: &datav3.HTTPResponseProperties{ResponseBodyBytes: 159},
	}
}

func message(entries ...*datav3.HTTPAccessLogEntry) *alsv3.StreamAccessLogsMessage {
	return &alsv3.StreamAccessLogsMessage{
		Identifier: &alsv3.StreamAccessLogsMessage_Identifier{LogName: "signalbox", Node: &corev3.Node{Id: "signalbox"}},
		LogEntries: &alsv3.StreamAccessLogsMessage_HttpLogs{HttpLogs: &alsv3.StreamAccessLogsMessage_HTTPAccessLogEntries{LogEntry: entries}},
	}
}

// decoded is what the reader must find in m.
func decoded(m *alsv3.StreamAccessLogsMessage) []News {
	var news []News
	for _, e := range m.GetHttpLogs().GetLogEntry() {
		c := e.GetCommonProperties()
		if c.GetAccessLogType() != datav3.AccessLogType_DownstreamPeriodic {
			continue
		}
		n := News{
			RequestID: e.GetRequest().GetRequestId(), Cluster: c.GetUpstreamCluster(), Attempts: int(c.GetUpstreamRequestAttemptCount()),
			Received: int64(e.GetRequest().GetRequestBodyBytes()), Sent: int64(e.GetResponse().GetResponseBodyBytes()),
			FirstByte: c.GetTimeToFirstUpstreamRxByte().AsDuration(),
		}
		if c.GetStartTime() != nil {
			n.Start = c.GetStartTime().AsTime()
		}
		n.HasTicket = ticket(n.Ticket[:], c.GetMetadata().GetFilterMetadata()["signalbox"].GetFields()["ticket"].GetStringValue())
		news = append(news, n)
	}
	return news
}

func TestEarlyReadsWhatTheSchemaSays(t *testing.T) {
	bare := &datav3.HTTPAccessLogEntry{CommonProperties: &datav3.AccessLogCommon{AccessLogType: datav3.AccessLogType_DownstreamPeriodic}}
	m := message(entry(datav3.AccessLogType_DownstreamPeriodic), entry(datav3.AccessLogType_DownstreamEnd), bare)
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var got earlyMessage
	if err := got.UnmarshalWire(b); err != nil {
		t.Fatal(err)
	}
	want := decoded(m)
	if len(want) != 2 || !want[0].HasTicket {
		t.Fatalf("the test expects %+v", want)
	}
	if d := cmp.Diff(want, got.news); d != "" {
		t.Error(d)
	}
	for i := range b {
		b[i] = 0xff // nothing may point into the buffer
	}
	if d := cmp.Diff(want, got.news); d != "" {
		t.Error(d)
	}
}

func FuzzEarly(f *testing.F) {
	b, err := proto.Marshal(message(entry(datav3.AccessLogType_DownstreamPeriodic)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var got earlyMessage
		err := got.UnmarshalWire(b)
		for _, n := range got.news {
			if n.FirstByte < 0 || n.Received < 0 || n.Sent < 0 || n.Attempts < 0 {
				t.Errorf("negative: %+v", n)
			}
		}
		var m alsv3.StreamAccessLogsMessage
		if proto.Unmarshal(b, &m) == nil && err != nil {
			t.Errorf("refused a message: %v", err)
		}
	})
}

// wire is a codec as the processor's server has one.
type wire struct{ encoding.Codec }

func (wire) Name() string { return "proto" }

func (wire) Marshal(v any) ([]byte, error) { return proto.Marshal(v.(proto.Message)) }

func (wire) Unmarshal(b []byte, v any) error {
	if r, ok := v.(interface{ UnmarshalWire([]byte) error }); ok {
		return r.UnmarshalWire(b)
	}
	return proto.Unmarshal(b, v.(proto.Message))
}

func TestEarlyServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		news := make(chan News, 10)
		l := bufconn.Listen(1 << 20)
		s := grpc.NewServer(grpc.ForceServerCodec(wire{}))
		(&Early{Report: func(n News) { news <- n }}).Register(s)
		go s.Serve(l)
		defer s.Stop()
		c, err := grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		st, err := alsv3.NewAccessLogServiceClient(c).StreamAccessLogs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := st.Send(message(entry(datav3.AccessLogType_DownstreamPeriodic))); err != nil {
				t.Fatal(err)
			}
			if n := <-news; n.RequestID != "id" || n.Cluster != "a~" || !n.Start.Equal(time.Unix(1795519516, 600079000)) {
				t.Errorf("news %+v", n)
			}
		}
	})
}
