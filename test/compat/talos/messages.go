package main

import (
	"fmt"
	"os"
	"time"

	"github.com/cosi-project/runtime/api/v1alpha1"
	"github.com/siderolabs/talos/pkg/machinery/api/common"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var moment = timestamppb.New(time.Date(2026, time.August, 14, 12, 22, 32, 500, time.UTC))

// talosAny packs as the events of a machine do: their URL has no type.googleapis.com.
func talosAny(message proto.Message) *anypb.Any {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		panic(err)
	}

	return &anypb.Any{TypeUrl: "talos/runtime/" + string(message.ProtoReflect().Descriptor().FullName()), Value: value}
}

var traps = []struct {
	says    string
	message proto.Message
}{
	{"the hello of an event stream", &machine.Event{}},
	{"a machine that runs, with its condition unmet", &machine.Event{
		Data: talosAny(&machine.MachineStatusEvent{
			Stage: machine.MachineStatusEvent_RUNNING,
			Status: &machine.MachineStatusEvent_MachineStatus{
				UnmetConditions: []*machine.MachineStatusEvent_MachineStatus_UnmetCondition{
					{Name: "nodeReady", Reason: "node is not ready"},
				},
			},
		}),
		Id:      "d2f0a1s0c3v1r0m2p5q0",
		ActorId: "6f2d1a9e-0a7b-4f3c-9a59-3f6b1d2c4e5f",
	}},
	{"a service that starts: the action numbered last", &machine.Event{
		Data: talosAny(&machine.ServiceStateEvent{
			Service: "kubelet", Action: machine.ServiceStateEvent_STARTING,
			Health: &machine.ServiceHealth{Unknown: true, LastChange: moment},
		}),
	}},
	{"a directory, in Go's FileMode", &machine.FileInfo{
		Name: "/etc", RelativeName: "etc", IsDir: true, Mode: uint32(os.ModeDir | 0o755), Modified: 1_786_000_000,
	}},
	{"a sticky directory, in Go's FileMode", &machine.FileInfo{
		Name: "/tmp", RelativeName: "tmp", IsDir: true, Mode: uint32(os.ModeDir | os.ModeSticky | 0o777),
	}},
	{"a symbolic link, in Go's FileMode", &machine.FileInfo{
		Name: "/bin", RelativeName: "bin", Link: "usr/bin", Mode: uint32(os.ModeSymlink | 0o777),
	}},
	{"a set-user-id program, in Go's FileMode", &machine.FileInfo{
		Name: "/usr/bin/su", RelativeName: "su", Size: 71_912, Mode: uint32(os.ModeSetuid | 0o755), Uid: 0, Gid: 0,
		Xattrs: []*machine.Xattr{{Name: "security.selinux", Data: []byte("system_u\x00")}},
	}},
	{"a character device, in Go's FileMode", &machine.FileInfo{
		Name: "/dev/null", RelativeName: "null", Mode: uint32(os.ModeDevice | os.ModeCharDevice | 0o666),
	}},
	{"an answer of one node, as the proxy completes it", &machine.HostnameResponse{Messages: []*machine.Hostname{
		{Metadata: &common.Metadata{Hostname: "10.0.0.1"}, Hostname: "one"},
	}}},
	{"a node that failed", &machine.HostnameResponse{Messages: []*machine.Hostname{
		{Metadata: &common.Metadata{
			Hostname: "10.0.0.2",
			Error:    "rpc error: code = Unavailable desc = no route to host",
			Status:   &status.Status{Code: int32(codes.Unavailable), Message: "no route to host"},
		}},
	}}},
	{"a chunk of a stream", &common.Data{Metadata: &common.Metadata{Hostname: "10.0.0.1"}, Bytes: []byte{0, 1, 0xff}}},
	{"a configuration to try", &machine.ApplyConfigurationRequest{
		Data: []byte("version: v1alpha1\n"), Mode: machine.ApplyConfigurationRequest_TRY,
		TryModeTimeout: durationpb.New(90 * time.Second),
	}},
	{"all logs: a negative number of lines", &machine.LogsRequest{
		Namespace: "system", Id: "apid", Driver: common.ContainerDriver_CONTAINERD, TailLines: -1,
	}},
	{"an etcd member whose id needs all 64 bits", &machine.EtcdMember{
		Id: 0xfedc_ba98_7654_3210, Hostname: "cp-1", PeerUrls: []string{"https://10.0.0.1:2380"}, IsLearner: true,
	}},
	{"a process", &machine.ProcessInfo{Pid: 1, CpuTime: 12.25, State: "S", Args: "/sbin/init", Label: "system_u"}},
	{"the end of an installation that went well: a zero that is there", &machine.LifecycleServiceInstallResponse{
		Progress: &machine.LifecycleServiceInstallProgress{
			Response: &machine.LifecycleServiceInstallProgress_ExitCode{ExitCode: 0},
		},
	}},
	{"the first of a watch", &v1alpha1.WatchResponse{}},
	{"a resource that was updated", &v1alpha1.WatchResponse{Event: []*v1alpha1.Event{{
		EventType: v1alpha1.EventType_UPDATED,
		Resource: &v1alpha1.Resource{
			Metadata: &v1alpha1.Metadata{
				Namespace: "runtime", Type: "Services.v1alpha1.talos.dev", Id: "apid", Version: "2", Owner: "v1alpha1.ServiceController",
				Phase: "running", Created: moment, Updated: moment, Finalizers: []string{"reader"},
				Labels: map[string]string{"zone": "a"}, Annotations: map[string]string{"note": "b"},
			},
			Spec: &v1alpha1.Spec{ProtoSpec: []byte{8, 1}, YamlSpec: "running: true\n"},
		},
		Bookmark: []byte{0, 0, 1},
	}}}},
	{"a watch of one resource whose id is empty: present all the same", &v1alpha1.WatchRequest{
		Namespace: "runtime", Type: "Services.v1alpha1.talos.dev", Id: new(string), ApiVersion: 1,
	}},
}

func printMessages() error {
	for _, trap := range traps {
		bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(trap.message)
		if err != nil {
			return err
		}

		fmt.Printf("%s | %s | %x\n", trap.message.ProtoReflect().Descriptor().FullName(), trap.says, bytes)
	}

	return nil
}
