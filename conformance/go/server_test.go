// Package conformance drives the running server with the published Go SDK.
// conformance/run starts the server and sets the environment.
package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	hss "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/hss/v5"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/hss/v5/model"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/hss/v5/region"
)

type credentials struct {
	Region    string `json:"region"`
	ProjectID string `json:"project_id"`
	AccessKey string `json:"access_key"`
	SecretKey string `json:"secret_key"`
}

func known(t *testing.T) credentials {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(os.Getenv("MUSTER_DATA"), "credentials.json"))
	if err != nil {
		t.Fatal(err)
	}
	var found credentials
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// client signs with AK/SK. Without a project it has to discover one by the region, as the SDK does it.
func client(t *testing.T, project string) *hss.HssClient {
	t.Helper()
	keys := known(t)
	builder := basic.NewCredentialsBuilder().WithAk(keys.AccessKey).WithSk(keys.SecretKey)
	if project != "" {
		builder = builder.WithProjectId(project)
	}
	auth, err := builder.SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	place, err := region.SafeValueOf(keys.Region)
	if err != nil {
		t.Fatal(err)
	}
	made, err := hss.HssClientBuilder().WithRegion(place).WithCredential(auth).
		WithHttpConfig(config.DefaultHttpConfig()).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	return hss.NewHssClient(made)
}

// swept waits until the server has seen its own host.
func swept(t *testing.T, c *hss.HssClient) *model.ShowAssetStatisticResponse {
	t.Helper()
	for range 120 {
		totals, err := c.ShowAssetStatistic(&model.ShowAssetStatisticRequest{Category: "host"})
		if err != nil {
			t.Fatal(err)
		}
		if totals.ProcessNum != nil && *totals.ProcessNum > 0 {
			return totals
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Fatal("the server has not swept its own host within a minute")
	return nil
}

func to[T any](value T) *T { return &value }
