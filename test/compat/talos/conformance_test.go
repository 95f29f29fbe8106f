package main

import (
	"os"
	"testing"

	"github.com/cosi-project/runtime/api/v1alpha1"
	"github.com/cosi-project/runtime/pkg/resource"
	"github.com/cosi-project/runtime/pkg/resource/protobuf"
	"github.com/cosi-project/runtime/pkg/state"
	"github.com/cosi-project/runtime/pkg/state/conformance"
	"github.com/cosi-project/runtime/pkg/state/protobuf/client"
	"github.com/stretchr/testify/suite"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// TestState runs upstream's own conformance suite, through upstream's client, against the State served at
// $INGOT_STATE_ADDRESS.
func TestState(t *testing.T) {
	address := os.Getenv("INGOT_STATE_ADDRESS")
	if address == "" {
		t.Skip("INGOT_STATE_ADDRESS does not say where the state is")
	}

	if err := protobuf.RegisterResource(conformance.PathResourceType, &conformance.PathResource{}); err != nil {
		t.Fatal(err)
	}

	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}

	defer connection.Close() //nolint:errcheck

	suite.Run(t, &conformance.StateSuite{
		State:      state.WrapCore(client.NewAdapter(v1alpha1.NewStateClient(connection))),
		Namespaces: []resource.Namespace{"default", "controller", "system", "runtime"},
	})
}
