package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/cosi-project/runtime/pkg/resource"
	"github.com/cosi-project/runtime/pkg/resource/meta"
	"github.com/cosi-project/runtime/pkg/resource/protobuf"
	"github.com/cosi-project/runtime/pkg/safe"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/siderolabs/talos/pkg/machinery/client"
	"go.yaml.in/yaml/v4"

	_ "github.com/siderolabs/talos/pkg/machinery/resources/block"
	_ "github.com/siderolabs/talos/pkg/machinery/resources/cluster"
	_ "github.com/siderolabs/talos/pkg/machinery/resources/config"
	_ "github.com/siderolabs/talos/pkg/machinery/resources/hardware"
	_ "github.com/siderolabs/talos/pkg/machinery/resources/network"
	_ "github.com/siderolabs/talos/pkg/machinery/resources/runtime"
	_ "github.com/siderolabs/talos/pkg/machinery/resources/secrets"
	_ "github.com/siderolabs/talos/pkg/machinery/resources/time"
	_ "github.com/siderolabs/talos/pkg/machinery/resources/v1alpha1"
)

// readTyped reads the resources of a node both ways that upstream's clients have: by the message of their type, and by
// the YAML that came along. It prints where the two say different things.
func readTyped(talosconfig, node string) error {
	return eachKind(talosconfig, node, compareKind)
}

// reencode reads the resources of a node by the message of their type, and prints what upstream makes of them again.
func reencode(talosconfig, node string) error {
	return eachKind(talosconfig, node, reencodeKind)
}

func eachKind(talosconfig, node string, do func(context.Context, state.State, resource.Metadata) error) error {
	ctx := client.WithNode(context.Background(), node)

	c, err := client.New(ctx, client.WithConfigFromFile(talosconfig))
	if err != nil {
		return err
	}

	defer c.Close() //nolint:errcheck

	definitions, err := safe.StateListAll[*meta.ResourceDefinition](ctx, c.COSI)
	if err != nil {
		return err
	}

	for definition := range definitions.All() {
		spec := definition.TypedSpec()
		if spec.DefaultNamespace == meta.NamespaceName {
			continue
		}

		namespaces := []string{spec.DefaultNamespace}
		if strings.HasSuffix(spec.Type, "Specs.net.talos.dev") {
			namespaces = append(namespaces, "network-config")
		}

		for _, namespace := range namespaces {
			if err := do(ctx, c.COSI, resource.NewMetadata(namespace, spec.Type, "", resource.VersionUndefined)); err != nil {
				return err
			}
		}
	}

	return nil
}

func compareKind(ctx context.Context, st state.State, kind resource.Metadata) error {
	decoded, err := st.List(ctx, kind)
	if err != nil {
		return fmt.Errorf("%s: %w", kind.Type(), err)
	}

	written, err := st.List(ctx, kind, state.WithListUnmarshalOptions(state.WithSkipProtobufUnmarshal()))
	if err != nil {
		return err
	}

	for i, item := range decoded.Items {
		if _, isUnknown := item.(*protobuf.Resource); isUnknown {
			fmt.Printf("%s: unknown to upstream\n", kind.Type())

			continue
		}

		theirs, err := specOf(item)
		if err != nil {
			return err
		}

		ours, err := specOf(written.Items[i])
		if err != nil {
			return err
		}

		fmt.Printf("%s %s: %T\n", kind.Type(), item.Metadata().ID(), item.Spec())

		for _, difference := range differences("", theirs, ours) {
			fmt.Printf("%s\n", difference)
		}
	}

	return nil
}

func reencodeKind(ctx context.Context, st state.State, kind resource.Metadata) error {
	list, err := st.List(ctx, kind)
	if err != nil {
		return err
	}

	for _, item := range list.Items {
		if _, isUnknown := item.(*protobuf.Resource); isUnknown {
			continue
		}

		carried, err := protobuf.FromResource(item)
		if err != nil {
			return err
		}

		message, err := carried.Marshal()
		if err != nil {
			return err
		}

		fmt.Printf("%s %s %x\n", kind.Type(), item.Metadata().ID(), message.GetSpec().GetProtoSpec())
	}

	return nil
}

func specOf(item resource.Resource) (any, error) {
	text, err := resource.MarshalYAML(item)
	if err != nil {
		return nil, err
	}

	bytes, err := yaml.Marshal(text)
	if err != nil {
		return nil, err
	}

	var whole map[string]any

	err = yaml.Unmarshal(bytes, &whole)

	return whole["spec"], err
}

// differences compares what is written in both, and finds what only one of them says. Nothing said is as good as nought.
func differences(path string, theirs, ours any) (found []string) {
	left, isMap := theirs.(map[string]any)
	right, alsoMap := ours.(map[string]any)

	if !isMap || !alsoMap {
		if reflect.DeepEqual(theirs, ours) || (isNought(theirs) && isNought(ours)) {
			return nil
		}

		return []string{fmt.Sprintf("  %s: by its message %v, by its YAML %v", strings.TrimPrefix(path, "."), theirs, ours)}
	}

	keys := map[string]bool{}
	for key := range left {
		keys[key] = true
	}

	for key := range right {
		keys[key] = true
	}

	for key := range keys {
		found = append(found, differences(path+"."+key, left[key], right[key])...)
	}

	slices.Sort(found)

	return found
}

func isNought(value any) bool {
	if value == nil {
		return true
	}

	of := reflect.ValueOf(value)

	switch of.Kind() {
	case reflect.Map:
		for _, key := range of.MapKeys() {
			if !isNought(of.MapIndex(key).Interface()) {
				return false
			}
		}

		return true
	case reflect.Slice:
		return of.Len() == 0
	default:
		return of.IsZero()
	}
}
