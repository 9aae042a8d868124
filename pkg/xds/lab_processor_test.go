package xds

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	modev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	priorityv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/router/cluster_specifiers/priority_group/v3"
	alsv3 "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// processor serves the lab's processor; the result stops it.
func (l *lab) processor() func() {
	l.t.Helper()
	lis, err := net.Listen("unix", strings.TrimPrefix(l.in.Processor, "unix:"))
	if err != nil {
		l.t.Fatal(err)
	}
	s := grpc.NewServer(grpc.MaxRecvMsgSize(128 << 20))
	extproc.RegisterExternalProcessorServer(s, labProcessor{lab: l})
	l.early = entries{got: make(chan *alsv3.StreamAccessLogsMessage, 100)}
	alsv3.RegisterAccessLogServiceServer(s, l.early)
	go s.Serve(lis)
	l.t.Cleanup(s.Stop)
	return s.Stop
}

type labProcessor struct {
	extproc.UnimplementedExternalProcessorServer
	lab *lab
}

func (p labProcessor) Process(st extproc.ExternalProcessor_ProcessServer) error {
	md, _ := metadata.FromIncomingContext(st.Context())
	if md.Get(roleHeader)[0] == "attempt" {
		return p.attempt(st)
	}
	var h map[string]string
	for {
		m, err := st.Recv()
		if err != nil {
			return nil
		}
		var out *extproc.ProcessingResponse
		switch r := m.Request.(type) {
		case *extproc.ProcessingRequest_RequestHeaders:
			h = fields(r.RequestHeaders)
			p.lab.note(fmt.Sprint("head ", h))
			out = &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestHeaders{RequestHeaders: &extproc.HeadersResponse{}}}
			if s := h["x-lab-refuse"]; s != "" {
				n, _ := strconv.Atoi(s)
				return st.Send(&extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_ImmediateResponse{ImmediateResponse: &extproc.ImmediateResponse{
					Status: &typev3.HttpStatus{Code: typev3.StatusCode(n)}, Headers: set("content-type", "application/json"), Body: []byte(`{"ours":1}`), Details: "signalbox_lab",
				}}})
			}
			if h["x-lab-fail"] != "" {
				return errors.New("as asked")
			}
		case *extproc.ProcessingRequest_RequestBody:
			out = dispatch(h)
		case *extproc.ProcessingRequest_ResponseHeaders:
			var attrs []string
			for _, a := range m.Attributes {
				for k, v := range a.Fields {
					attrs = append(attrs, k+"="+v.GetStringValue())
				}
			}
			p.lab.note(fmt.Sprint("answer ", fields(r.ResponseHeaders)[":status"], " ", attrs))
			return st.Send(&extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_ResponseHeaders{ResponseHeaders: &extproc.HeadersResponse{}}})
		}
		if err := st.Send(out); err != nil {
			return err
		}
	}
}

func (p labProcessor) attempt(st extproc.ExternalProcessor_ProcessServer) error {
	m, err := st.Recv()
	if err != nil {
		return nil
	}
	h := m.GetRequestHeaders()
	p.lab.note(fmt.Sprint("attempt ", fields(h)))
	cluster := ""
	for _, a := range m.Attributes {
		cluster = a.Fields["xds.cluster_name"].GetStringValue()
	}
	ticket := m.GetMetadataContext().GetFilterMetadata()[namespace].GetFields()["ticket"].GetStringValue()
	body := fmt.Sprintf(`{"for":%q,"ticket":%q}`, cluster, ticket)
	meta, err := structpb.NewStruct(map[string]any{namespace: map[string]any{"model": "model-of-" + cluster}})
	if err != nil {
		return err
	}
	early, late := p.ownership(fields(h)["x-lab-own"])
	err = st.Send(&extproc.ProcessingResponse{
		DynamicMetadata: meta,
		ModeOverride:    early,
		Response: &extproc.ProcessingResponse_RequestHeaders{RequestHeaders: &extproc.HeadersResponse{Response: &extproc.CommonResponse{
			Status:         extproc.CommonResponse_CONTINUE_AND_REPLACE,
			HeaderMutation: set(":path", "/for/"+cluster, ":authority", "host-of-"+cluster, lengthHeader, strconv.Itoa(len(body)), "x-api-key", "leak"),
			BodyMutation:   &extproc.BodyMutation{Mutation: &extproc.BodyMutation_Body{Body: []byte(body)}},
		}}},
	})
	if err != nil || early == nil && late == nil {
		return err
	}
	return p.own(st, late, cmp.Or(early, late).ResponseBodyMode == modev3.ProcessingMode_FULL_DUPLEX_STREAMED)
}

// ownership reads x-lab-own: "buffered" or "duplex", "late-" before it when the
// head of the answer is to be answered with that.
func (labProcessor) ownership(s string) (early, late *modev3.ProcessingMode) {
	mode := &modev3.ProcessingMode{RequestHeaderMode: modev3.ProcessingMode_SEND, ResponseHeaderMode: modev3.ProcessingMode_SEND}
	kind, isLate := strings.CutPrefix(s, "late-")
	switch kind {
	case "buffered":
		mode.ResponseBodyMode = modev3.ProcessingMode_BUFFERED
	case "duplex":
		mode.ResponseBodyMode, mode.ResponseTrailerMode = modev3.ProcessingMode_FULL_DUPLEX_STREAMED, modev3.ProcessingMode_SEND
	default:
		return nil, nil
	}
	if isLate {
		return nil, mode
	}
	return mode, nil
}

// own lets an answer pass in capitals.
func (p labProcessor) own(st extproc.ExternalProcessor_ProcessServer, mode *modev3.ProcessingMode, duplex bool) error {
	for {
		m, err := st.Recv()
		if err != nil {
			return nil
		}
		out := new(extproc.ProcessingResponse)
		switch r := m.Request.(type) {
		case *extproc.ProcessingRequest_ResponseHeaders:
			out.ModeOverride = mode
			out.Response = &extproc.ProcessingResponse_ResponseHeaders{ResponseHeaders: &extproc.HeadersResponse{Response: &extproc.CommonResponse{
				HeaderMutation: &extproc.HeaderMutation{RemoveHeaders: []string{"content-length"}},
			}}}
		case *extproc.ProcessingRequest_ResponseBody:
			p.lab.note(fmt.Sprint("owned ", len(r.ResponseBody.Body), " ", r.ResponseBody.EndOfStream))
			upper := bytes.ToUpper(r.ResponseBody.Body)
			mutation := &extproc.BodyMutation{Mutation: &extproc.BodyMutation_Body{Body: upper}}
			if duplex {
				mutation = &extproc.BodyMutation{Mutation: &extproc.BodyMutation_StreamedResponse{StreamedResponse: &extproc.StreamedBodyResponse{
					Body: upper, EndOfStream: r.ResponseBody.EndOfStream,
				}}}
			}
			out.Response = &extproc.ProcessingResponse_ResponseBody{ResponseBody: &extproc.BodyResponse{Response: &extproc.CommonResponse{BodyMutation: mutation}}}
		case *extproc.ProcessingRequest_ResponseTrailers:
			out.Response = &extproc.ProcessingResponse_ResponseTrailers{ResponseTrailers: &extproc.TrailersResponse{}}
		}
		if err := st.Send(out); err != nil {
			return err
		}
	}
}

func dispatch(h map[string]string) *extproc.ProcessingResponse {
	c := &extproc.CommonResponse{ClearRouteCache: true, HeaderMutation: set(":path", "/first", ":authority", "first.example")}
	out := &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestBody{RequestBody: &extproc.BodyResponse{Response: c}}}
	if h["x-lab-order"] == "" {
		return out
	}
	// The answer's headers come from the route.
	c.HeaderMutation.SetHeaders = append(c.HeaderMutation.SetHeaders, set("x-signalbox-route", "decided").SetHeaders...)
	order := strings.Split(h["x-lab-order"], ",")
	c.HeaderMutation.SetHeaders = append(c.HeaderMutation.SetHeaders, set("x-envoy-max-retries", strconv.Itoa(len(order)-1)).SetHeaders...)
	if t := h["x-lab-timeout"]; t != "" {
		c.HeaderMutation.SetHeaders = append(c.HeaderMutation.SetHeaders, set("x-envoy-upstream-rq-per-try-timeout-ms", t).SetHeaders...)
	}
	var groups []any
	for _, o := range order {
		groups = append(groups, map[string]any{"name": o, "clusters": []any{map[string]any{"cluster_name": o, "weight": 1}}})
	}
	facts := map[string]any{"ticket": "0123456789abcdef0123456789abcdef", "facts": h["x-lab-facts"], "model": "model-of-first"}
	if h["x-lab-api"] != "" {
		facts["api"] = h["x-lab-api"]
	}
	if h["x-lab-hide"] != "" {
		facts["hide_usage"] = true
	}
	all := map[string]any{namespace: facts, orderNamespace: map[string]any{"priority_groups": groups}}
	if h["x-lab-stranger"] != "" {
		delete(all, namespace)
	}
	s, err := structpb.NewStruct(all)
	if err != nil {
		panic(err) // literals only
	}
	out.DynamicMetadata = s
	// The order is read from typed metadata first, from the other kind else.
	typed, err := anypb.New(override(order))
	if err != nil {
		panic(err) // literals only
	}
	out.TypedDynamicMetadata = map[string]*anypb.Any{orderNamespace: typed}
	return out
}

func override(order []string) *priorityv3.PriorityGroupsOverride {
	o := &priorityv3.PriorityGroupsOverride{}
	for _, name := range order {
		o.PriorityGroups = append(o.PriorityGroups, &priorityv3.PriorityGroup{
			Name: name, Clusters: []*priorityv3.ClusterWeight{{ClusterName: name, Weight: wrapperspb.UInt32(1)}},
		})
	}
	return o
}

func (l *lab) note(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, s)
}

func (l *lab) notes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.seen
	l.seen = nil
	return s
}

func fields(h *extproc.HttpHeaders) map[string]string {
	m := map[string]string{}
	for _, v := range h.GetHeaders().GetHeaders() {
		m[v.Key] = string(v.RawValue)
	}
	return m
}

func set(kv ...string) *extproc.HeaderMutation {
	m := &extproc.HeaderMutation{}
	for i := 0; i < len(kv); i += 2 {
		m.SetHeaders = append(m.SetHeaders, &corev3.HeaderValueOption{
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
			Header:       &corev3.HeaderValue{Key: kv[i], RawValue: []byte(kv[i+1])},
		})
	}
	return m
}
