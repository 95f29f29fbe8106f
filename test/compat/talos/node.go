package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cosi-project/runtime/pkg/resource"
	"github.com/cosi-project/runtime/pkg/resource/meta"
	"github.com/cosi-project/runtime/pkg/safe"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/siderolabs/talos/pkg/machinery/api/common"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/client"
	"github.com/siderolabs/talos/pkg/machinery/config/types/v1alpha1"
	"github.com/siderolabs/talos/pkg/machinery/resources/config"
	"github.com/siderolabs/talos/pkg/machinery/resources/network"
	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/types/known/durationpb"
)

// operateNode does to a real machine what operators do, through its restarts to its reset.
func operateNode(talosconfig, node string) error {
	return runSteps(talosconfig, node, 15*time.Minute, []step{
		{"version", version},
		{"resource definitions", countDefinitions},
		{"get as yaml", getYAML},
		{"get as a table", getTable},
		{"watch", watch},
		{"disks", disks},
		{"machine config", machineConfig},
		{"service list", listServices},
		{"logs -f", followedLogs},
		{"dmesg -f", followedDmesg},
		{"events", tailedEvents},
		{"list", listFiles},
		{"read", readFile},
		{"copy", copyFiles},
		{"statistics", statistics},
		{"apply without a restart", applyLive},
		{"apply with a restart", applyWithReboot},
		{"reboot", trackedReboot},
		{"reset", trackedReset},
	})
}

func countDefinitions(ctx context.Context, c *operator) (string, error) {
	list, err := safe.StateListAll[*meta.ResourceDefinition](c.single(ctx), c.COSI)
	if err != nil {
		return "", err
	}

	return fmt.Sprintf("at least 30 %v", list.Len() >= 30), nil
}

// hostname is a resource as `talosctl get` shows it: by the YAML that came with it.
func hostname(ctx context.Context, c *operator) (map[string]any, *meta.ResourceDefinition, error) {
	namespace := ""

	definition, err := c.ResolveResourceKind(c.single(ctx), &namespace, "hostname")
	if err != nil {
		return nil, nil, err
	}

	kind := resource.NewMetadata(namespace, definition.TypedSpec().Type, network.HostnameID, resource.VersionUndefined)

	found, err := c.COSI.Get(c.single(ctx), kind, state.WithGetUnmarshalOptions(state.WithSkipProtobufUnmarshal()))
	if err != nil {
		return nil, nil, err
	}

	text, err := resource.MarshalYAML(found)
	if err != nil {
		return nil, nil, err
	}

	bytes, err := yaml.Marshal(text)
	if err != nil {
		return nil, nil, err
	}

	var whole map[string]any

	err = yaml.Unmarshal(bytes, &whole)

	return whole, definition, err
}

func getYAML(ctx context.Context, c *operator) (string, error) {
	whole, _, err := hostname(ctx, c)
	if err != nil {
		return "", err
	}

	return fmt.Sprint(whole["spec"]), nil
}

func getTable(ctx context.Context, c *operator) (string, error) {
	whole, definition, err := hostname(ctx, c)
	if err != nil {
		return "", err
	}

	spec, ok := whole["spec"].(map[string]any)
	if !ok {
		return "", fmt.Errorf("no spec in %v", whole)
	}

	var cells []string

	for _, column := range definition.TypedSpec().PrintColumns {
		field := strings.Trim(column.JSONPath, "{.}")
		cells = append(cells, strings.TrimSpace(fmt.Sprintf("%s %v", column.Name, spec[field])))
	}

	return strings.Join(cells, ", "), nil
}

// until reads a stream to the first message that says the word.
func until(word string, stream grpcStream, err error) (string, error) {
	if err != nil {
		return "", err
	}

	for {
		data, err := stream.Recv()
		if err != nil {
			return "", err
		}

		if strings.Contains(string(data.Bytes), word) {
			return "says " + word, nil
		}
	}
}

func followedLogs(ctx context.Context, c *operator) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	stream, err := c.Logs(ctx, "system", common.ContainerDriver_CONTAINERD, "machined", true, -1)

	return until("machine API", stream, err)
}

func followedDmesg(ctx context.Context, c *operator) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	stream, err := c.Dmesg(ctx, true, false)

	return until("Linux version", stream, err)
}

func tailedEvents(ctx context.Context, c *operator) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	events := make(chan client.EventResult)
	if err := c.EventsWatchV2(ctx, events, client.WithTailEvents(-1)); err != nil {
		return "", err
	}

	for {
		event := <-events
		if event.Error != nil {
			return "", event.Error
		}

		if isReady(event.Event) {
			return "the machine runs", nil
		}
	}
}

func isReady(event client.Event) bool {
	status, ok := event.Payload.(*machine.MachineStatusEvent)

	return ok && status.Stage == machine.MachineStatusEvent_RUNNING && status.Status.Ready
}

// changed is the config of the node with another sysctl.
func changed(ctx context.Context, c *operator, swappiness string) ([]byte, error) {
	found, err := safe.StateGetByID[*config.MachineConfig](c.single(ctx), c.COSI, config.ActiveID)
	if err != nil {
		return nil, err
	}

	patched, err := found.Provider().PatchV1Alpha1(func(cfg *v1alpha1.Config) error {
		cfg.MachineConfig.MachineSysctls = map[string]string{"vm.swappiness": swappiness}

		return nil
	})
	if err != nil {
		return nil, err
	}

	return patched.Bytes()
}

func applyLive(ctx context.Context, c *operator) (string, error) {
	var said []string

	for i, mode := range []machine.ApplyConfigurationRequest_Mode{
		machine.ApplyConfigurationRequest_AUTO,
		machine.ApplyConfigurationRequest_NO_REBOOT,
		machine.ApplyConfigurationRequest_TRY,
		machine.ApplyConfigurationRequest_STAGED,
	} {
		data, err := changed(ctx, c, fmt.Sprint(30+i))
		if err != nil {
			return "", err
		}

		reply, err := c.ApplyConfiguration(ctx, &machine.ApplyConfigurationRequest{
			Data: data, Mode: mode, TryModeTimeout: durationpb.New(time.Minute),
		})
		if err != nil {
			return "", fmt.Errorf("%s: %w", mode, err)
		}

		said = append(said, fmt.Sprintf("%s is %s", mode, reply.Messages[0].Mode))
	}

	return strings.Join(said, ", "), nil
}

func applyWithReboot(ctx context.Context, c *operator) (string, error) {
	data, err := changed(ctx, c, "40")
	if err != nil {
		return "", err
	}

	before, err := bootID(ctx, c)
	if err != nil {
		return "", err
	}

	refused, err := applyByReboot(ctx, c, data)
	if err != nil {
		return "", err
	}

	reply, err := c.ApplyConfiguration(ctx, &machine.ApplyConfigurationRequest{Data: data, Mode: machine.ApplyConfigurationRequest_STAGED})
	if err != nil {
		return "", err
	}

	if err = c.Reboot(ctx); err != nil {
		return "", err
	}

	if err = untilBack(ctx, c, before); err != nil {
		return "", err
	}

	return fmt.Sprintf("%s, %s, and it is back", refused, reply.Messages[0].Mode), nil
}

func bootID(ctx context.Context, c *operator) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()

	reader, err := c.Read(ctx, "/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}

	content, err := io.ReadAll(reader)

	return strings.TrimSpace(string(content)), errors.Join(err, reader.Close())
}

// untilBack waits as upstream's tracker does: for another boot id, and for the machine to say that it is ready.
func untilBack(ctx context.Context, c *operator, before string) error {
	for ctx.Err() == nil {
		if now, err := bootID(ctx, c); err == nil && now != "" && now != before {
			_, err = tailedEvents(ctx, c)

			return err
		}

		time.Sleep(time.Second)
	}

	return ctx.Err()
}

// track follows the events of one request until the machine goes down, and says which sequence they tell of.
func track(ctx context.Context, c *operator, request func() (string, error)) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	actor, err := request()
	if err != nil {
		return "", err
	}

	events := make(chan client.EventResult)
	if err := c.EventsWatchV2(ctx, events, client.WithTailEvents(-1), client.WithActorID(actor)); err != nil {
		return "", err
	}

	for {
		event := <-events
		if event.Error != nil {
			return "", event.Error
		}

		if sequence, ok := event.Event.Payload.(*machine.SequenceEvent); ok && sequence.Action == machine.SequenceEvent_START {
			return "sequence " + sequence.Sequence, nil
		}
	}
}

func trackedReboot(ctx context.Context, c *operator) (string, error) {
	before, err := bootID(ctx, c)
	if err != nil {
		return "", err
	}

	said, err := track(ctx, c, func() (string, error) {
		reply, err := c.RebootWithResponse(ctx)
		if err != nil {
			return "", err
		}

		return reply.Messages[0].ActorId, nil
	})
	if err != nil {
		return "", err
	}

	return said + ", and it is back", untilBack(ctx, c, before)
}

func trackedReset(ctx context.Context, c *operator) (string, error) {
	return track(ctx, c, func() (string, error) {
		reply, err := c.ResetGenericWithResponse(ctx, &machine.ResetRequest{Graceful: true, Reboot: true})
		if err != nil {
			return "", err
		}

		return reply.Messages[0].ActorId, nil
	})
}
