package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/cosi-project/runtime/api/v1alpha1"
	"github.com/cosi-project/runtime/pkg/resource"
	"github.com/cosi-project/runtime/pkg/resource/meta"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/cosi-project/runtime/pkg/state/impl/inmem"
	"github.com/cosi-project/runtime/pkg/state/impl/namespaced"
	"github.com/cosi-project/runtime/pkg/state/protobuf/client"
	"github.com/cosi-project/runtime/pkg/state/protobuf/server"
	"go.yaml.in/yaml/v4"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// readState looks at a state as `talosctl get` does: definitions by their proto, then each of their types by its YAML.
func readState(address string) error {
	ctx := context.Background()

	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}

	defer connection.Close() //nolint:errcheck

	st := state.WrapCore(client.NewAdapter(v1alpha1.NewStateClient(connection)))

	definitions, err := st.List(ctx, resource.NewMetadata(meta.NamespaceName, meta.ResourceDefinitionType, "", resource.VersionUndefined))
	if err != nil {
		return err
	}

	for _, item := range definitions.Items {
		definition, ok := item.(*meta.ResourceDefinition)
		if !ok {
			return fmt.Errorf("%s is no definition", resource.String(item))
		}

		spec := definition.TypedSpec()
		fmt.Printf("%s %s %v %q\n", spec.Type, spec.DisplayType, spec.AllAliases, spec.Sensitivity)

		if err := readKind(ctx, st, spec.DefaultNamespace, spec.Type); err != nil {
			return err
		}
	}

	return nil
}

func readKind(ctx context.Context, st state.State, namespace, resourceType string) error {
	if namespace == meta.NamespaceName {
		return nil
	}

	list, err := st.List(ctx, resource.NewMetadata(namespace, resourceType, "", resource.VersionUndefined), state.WithListUnmarshalOptions(state.WithSkipProtobufUnmarshal()))
	if err != nil {
		return err
	}

	for _, item := range list.Items {
		text, err := resource.MarshalYAML(item)
		if err != nil {
			return err
		}

		bytes, err := yaml.Marshal(text)
		if err != nil {
			return err
		}

		fmt.Printf("---\n%s", bytes)
	}

	return nil
}

// serveState serves an in-memory state until its standard input ends.
func serveState() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}

	srv := grpc.NewServer()
	v1alpha1.RegisterStateServer(srv, server.NewState(state.WrapCore(namespaced.NewState(inmem.Build))))

	served := make(chan error, 1)

	go func() { served <- srv.Serve(listener) }()

	fmt.Println(listener.Addr())

	_, err = io.Copy(io.Discard, os.Stdin)

	srv.Stop()

	return errors.Join(err, <-served)
}
