package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cosi-project/runtime/pkg/resource"
	"github.com/cosi-project/runtime/pkg/safe"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/siderolabs/talos/pkg/machinery/api/common"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/client"
	"github.com/siderolabs/talos/pkg/machinery/resources/config"
	"github.com/siderolabs/talos/pkg/machinery/resources/network"
	"google.golang.org/grpc/codes"
)

// operator is upstream's client, and the node that it operates.
type operator struct {
	*client.Client
	node string
}

// step is one thing that operators do; it says what came of it.
type step struct {
	name string
	do   func(context.Context, *operator) (string, error)
}

// operate does to a node for practice what operators do, by upstream's own client.
func operate(talosconfig, node string) error {
	return runSteps(talosconfig, node, 2*time.Minute, []step{
		{"version", version},
		{"services", listServices},
		{"restart of a service", restartService},
		{"read", readFile},
		{"list", listFiles},
		{"copy", copyFiles},
		{"logs", logs},
		{"dmesg", dmesg},
		{"statistics", statistics},
		{"disks", disks},
		{"resource", resources},
		{"watch", watch},
		{"machine config", machineConfig},
		{"apply", apply},
		{"events of a reboot", reboot},
		{"reset", reset},
		{"install", install},
		{"upgrade", upgrade},
		{"what is not served", unserved},
		{"two nodes, one gone", twoNodes},
	})
}

func runSteps(talosconfig, node string, within time.Duration, steps []step) error {
	ctx, cancel := context.WithTimeout(client.WithNodes(context.Background(), node), within)
	defer cancel()

	upstream, err := client.New(ctx, client.WithConfigFromFile(talosconfig))
	if err != nil {
		return err
	}

	defer upstream.Close() //nolint:errcheck

	c := &operator{upstream, node}

	for _, step := range steps {
		said, err := step.do(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}

		fmt.Printf("%s: %s\n", step.name, said)
	}

	return nil
}

func version(ctx context.Context, c *operator) (string, error) {
	reply, err := c.Version(ctx)
	if err != nil {
		return "", err
	}

	only := reply.Messages[0]

	return fmt.Sprintf("%s on %s, rbac %v", only.Version.Os, only.Metadata.Hostname, only.Features.GetRbac()), nil
}

func listServices(ctx context.Context, c *operator) (string, error) {
	reply, err := c.ServiceList(ctx)
	if err != nil {
		return "", err
	}

	var names []string
	for _, service := range reply.Messages[0].Services {
		names = append(names, service.Id+" "+service.State)
	}

	return strings.Join(names, ", "), nil
}

func restartService(ctx context.Context, c *operator) (string, error) {
	reply, err := c.ServiceRestart(ctx, "apid")
	if err != nil {
		return "", err
	}

	return reply.Messages[0].Resp, nil
}

func readFile(ctx context.Context, c *operator) (string, error) {
	reader, err := c.Read(ctx, "/proc/sys/kernel/ostype")
	if err != nil {
		return "", err
	}

	content, err := io.ReadAll(reader)

	return strings.TrimSpace(string(content)), errors.Join(err, reader.Close())
}

func listFiles(ctx context.Context, c *operator) (string, error) {
	stream, err := c.LS(ctx, &machine.ListRequest{Root: "/proc/self", Types: []machine.ListRequest_Type{machine.ListRequest_DIRECTORY}})
	if err != nil {
		return "", err
	}

	var found []string

	for {
		info, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}

		if err != nil {
			return "", err
		}

		found = append(found, fmt.Sprintf("%s %s", os.FileMode(info.Mode), info.RelativeName))
	}

	return fmt.Sprintf("%v", slices.Contains(found, "dr-xr-xr-x net")), nil
}

func copyFiles(ctx context.Context, c *operator) (string, error) {
	reader, err := c.Copy(ctx, "/proc/sys/kernel/ostype")
	if err != nil {
		return "", err
	}

	archive, err := io.ReadAll(reader)

	return fmt.Sprintf("gzip %v", bytes.HasPrefix(archive, []byte{0x1f, 0x8b})), errors.Join(err, reader.Close())
}

// first is what the first message of a stream says.
func first(stream grpcStream, err error) (string, error) {
	if err != nil {
		return "", err
	}

	data, err := stream.Recv()
	if err != nil {
		return "", err
	}

	return strings.TrimSpace(string(data.Bytes)), nil
}

type grpcStream interface {
	Recv() (*common.Data, error)
}

func logs(ctx context.Context, c *operator) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	return first(c.Logs(ctx, "system", common.ContainerDriver_CONTAINERD, "apid", true, 1))
}

func dmesg(ctx context.Context, c *operator) (string, error) {
	return first(c.Dmesg(ctx, false, false))
}

func statistics(ctx context.Context, c *operator) (string, error) {
	memory, err := c.Memory(ctx)
	if err != nil {
		return "", err
	}

	processes, err := c.Processes(ctx)
	if err != nil {
		return "", err
	}

	mounts, err := c.Mounts(ctx)
	if err != nil {
		return "", err
	}

	return fmt.Sprintf("memory %v, processes %v, mounts %v", memory.Messages[0].Meminfo.Memtotal > 0,
		len(processes.Messages[0].Processes) > 0, len(mounts.Messages[0].Stats) > 0), nil
}

func disks(ctx context.Context, c *operator) (string, error) {
	reply, err := c.Disks(ctx)
	if err != nil {
		return "", err
	}

	return fmt.Sprintf("%d", len(reply.Messages[0].Disks)), nil
}

// single asks one node: resources of several cannot be put together.
func (c *operator) single(ctx context.Context) context.Context {
	return client.WithNode(ctx, c.node)
}

func resources(ctx context.Context, c *operator) (string, error) {
	definition, err := c.ResolveResourceKind(c.single(ctx), new(string), "mc")
	if err != nil {
		return "", err
	}

	return definition.TypedSpec().Type, nil
}

func watch(ctx context.Context, c *operator) (string, error) {
	ctx, cancel := context.WithCancel(c.single(ctx))
	defer cancel()

	events := make(chan state.Event)
	kind := resource.NewMetadata(network.NamespaceName, network.HostnameStatusType, "", resource.VersionUndefined)

	if err := c.COSI.WatchKind(ctx, kind, events, state.WithBootstrapContents(true), state.WithWatchKindUnmarshalOptions(state.WithSkipProtobufUnmarshal())); err != nil {
		return "", err
	}

	var seen []string

	for event := range events {
		seen = append(seen, event.Type.String())

		if event.Type == state.Bootstrapped || event.Type == state.Errored {
			return strings.Join(seen, ", "), event.Error
		}
	}

	return "", errors.New("the watch ended")
}

func machineConfig(ctx context.Context, c *operator) (string, error) {
	found, err := safe.StateGetByID[*config.MachineConfig](c.single(ctx), c.COSI, config.ActiveID)
	if err != nil {
		return "", err
	}

	return found.Provider().Machine().Type().String(), nil
}

func apply(ctx context.Context, c *operator) (string, error) {
	found, err := safe.StateGetByID[*config.MachineConfig](c.single(ctx), c.COSI, config.ActiveID)
	if err != nil {
		return "", err
	}

	data, err := found.Provider().Bytes()
	if err != nil {
		return "", err
	}

	var said []string

	for _, mode := range []machine.ApplyConfigurationRequest_Mode{
		machine.ApplyConfigurationRequest_AUTO,
		machine.ApplyConfigurationRequest_NO_REBOOT,
		machine.ApplyConfigurationRequest_STAGED,
		machine.ApplyConfigurationRequest_TRY,
	} {
		reply, err := c.ApplyConfiguration(ctx, &machine.ApplyConfigurationRequest{Data: data, Mode: mode})
		if err != nil {
			return "", err
		}

		said = append(said, fmt.Sprintf("%s is %s", mode, reply.Messages[0].Mode))
	}

	refused, err := applyByReboot(ctx, c, data)

	return strings.Join(append(said, refused), ", "), err
}

// applyByReboot asks for the mode that upstream's nodes refuse since v1.14, too.
func applyByReboot(ctx context.Context, c *operator, data []byte) (string, error) {
	_, err := c.ApplyConfiguration(ctx, &machine.ApplyConfigurationRequest{Data: data, Mode: machine.ApplyConfigurationRequest_REBOOT})

	return fmt.Sprintf("REBOOT is %s", client.StatusCode(err)), expect(codes.Unimplemented, err)
}

func reboot(ctx context.Context, c *operator) (string, error) {
	watching, cancel := context.WithCancel(ctx)
	defer cancel()

	seen := make(chan string, 1)
	ready := make(chan struct{})

	go func() {
		if err := c.EventsWatch(watching, func(events <-chan client.Event) {
			close(ready)

			for event := range events {
				if sequence, ok := event.Payload.(*machine.SequenceEvent); ok && sequence.Action == machine.SequenceEvent_START {
					seen <- fmt.Sprintf("%s, actor %v", sequence.Sequence, event.ActorID != "")

					return
				}
			}
		}); err != nil && watching.Err() == nil {
			seen <- err.Error()
		}
	}()

	<-ready

	if err := c.Reboot(ctx); err != nil {
		return "", err
	}

	select {
	case said := <-seen:
		return said, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func reset(ctx context.Context, c *operator) (string, error) {
	if err := c.Reset(ctx, true, true); err != nil {
		return "", err
	}

	return "accepted", nil
}

// progressed reads what an installation or an upgrade tells, to its exit code.
func progressed(recv func() (*machine.LifecycleServiceInstallProgress, error)) (string, error) {
	var said []string

	for {
		progress, err := recv()
		if errors.Is(err, io.EOF) {
			return strings.Join(said, ", "), nil
		}

		if err != nil {
			return "", err
		}

		switch response := progress.GetResponse().(type) {
		case *machine.LifecycleServiceInstallProgress_Message:
			said = append(said, response.Message)
		case *machine.LifecycleServiceInstallProgress_ExitCode:
			said = append(said, fmt.Sprintf("exit code %d", response.ExitCode))
		}
	}
}

var systemContainerd = &common.ContainerdInstance{
	Driver:    common.ContainerDriver_CONTAINERD,
	Namespace: common.ContainerdNamespace_NS_SYSTEM,
}

func install(ctx context.Context, c *operator) (string, error) {
	stream, err := c.LifecycleClient.Install(c.single(ctx), &machine.LifecycleServiceInstallRequest{
		Containerd:  systemContainerd,
		Source:      &machine.InstallArtifactsSource{ImageName: "factory/ingot:v2"},
		Destination: &machine.InstallDestination{Disk: "/dev/vda"},
	})
	if err != nil {
		return "", err
	}

	return progressed(func() (*machine.LifecycleServiceInstallProgress, error) {
		reply, err := stream.Recv()

		return reply.GetProgress(), err
	})
}

func upgrade(ctx context.Context, c *operator) (string, error) {
	stream, err := c.LifecycleClient.Upgrade(c.single(ctx), &machine.LifecycleServiceUpgradeRequest{
		Containerd: systemContainerd,
		Source:     &machine.InstallArtifactsSource{ImageName: "factory/ingot:v3"},
	})
	if err != nil {
		return "", err
	}

	return progressed(func() (*machine.LifecycleServiceInstallProgress, error) {
		reply, err := stream.Recv()

		return reply.GetProgress(), err
	})
}

func unserved(ctx context.Context, c *operator) (string, error) {
	_, err := c.Stats(ctx, "system", common.ContainerDriver_CONTAINERD)

	return client.StatusCode(err).String(), expect(codes.Unimplemented, err)
}

func expect(code codes.Code, err error) error {
	if client.StatusCode(err) == code {
		return nil
	}

	return fmt.Errorf("expected %s: %w", code, err)
}

func twoNodes(ctx context.Context, c *operator) (string, error) {
	reply, err := c.Version(client.WithNodes(ctx, c.node, "127.0.0.3"))
	if reply == nil {
		return "", err
	}

	return fmt.Sprintf("%d answer, error %v", len(reply.Messages), err != nil), nil
}
