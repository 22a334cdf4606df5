package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	hss "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/hss/v5/model"
	kps "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/kps/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/kps/v3/model"
)

// keypairs is the published KPS client.
func keypairs(t *testing.T) *kps.KpsClient {
	t.Helper()
	keys := known(t)
	auth, err := basic.NewCredentialsBuilder().
		WithAk(keys.AccessKey).WithSk(keys.SecretKey).WithProjectId(keys.ProjectID).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	made, err := kps.KpsClientBuilder().WithEndpoints([]string{os.Getenv("MUSTER_ENDPOINT")}).
		WithCredential(auth).WithHttpConfig(config.DefaultHttpConfig()).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	return kps.NewKpsClient(made)
}

func protection() *model.KeyProtection {
	return &model.KeyProtection{Encryption: &model.Encryption{Type: model.GetEncryptionTypeEnum().DEFAULT}}
}

func privateKey(t *testing.T, c *kps.KpsClient, name string) string {
	t.Helper()
	out, err := c.ExportPrivateKey(&model.ExportPrivateKeyRequest{Body: &model.ExportPrivateKeyRequestBody{
		Keypair: &model.KeypairBean{Name: name},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Keypair.PrivateKey
}

// logsIn says whether OpenSSH's client gets in by a private key.
func logsIn(t *testing.T, key string) bool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := exec.Command("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-i", file,
		"-p", os.Getenv("MUSTER_SSH_PORT"), "-l", os.Getenv("MUSTER_SSH_ACCOUNT"), os.Getenv("MUSTER_SSH_ADDRESS"),
		"echo in").Output()
	return string(out) == "in\n"
}

// ended waits for the state a task ends in.
func ended(t *testing.T, c *kps.KpsClient, task string) string {
	t.Helper()
	for range 600 {
		found, err := c.ListKeypairTask(&model.ListKeypairTaskRequest{TaskId: task})
		if err != nil {
			t.Fatal(err)
		}
		status := found.TaskStatus.Value()
		if strings.HasPrefix(status, "SUCCESS") || strings.HasPrefix(status, "FAILED") {
			return status
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("the task does not end")
	return ""
}

func gone(err error, status int, code string) bool {
	refused, ok := err.(*sdkerr.ServiceResponseError)
	return ok && refused.StatusCode == status && refused.ErrorCode == code && refused.RequestId != ""
}

// TestKeypairLifecycle makes, lists, shows, exports, binds, takes away, clears and deletes.
func TestKeypairLifecycle(t *testing.T) {
	c := keypairs(t)
	scope := model.GetCreateKeypairActionScopeEnum().DOMAIN
	made, err := c.CreateKeypair(&model.CreateKeypairRequest{Body: &model.CreateKeypairRequestBody{
		Keypair: &model.CreateKeypairAction{Name: "go-pair", Scope: &scope, KeyProtection: protection()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	listed, err := c.ListKeypairs(&model.ListKeypairsRequest{Limit: to("100")})
	if err != nil {
		t.Fatal(err)
	}
	var row *model.Keypair
	for _, found := range *listed.Keypairs {
		if *found.Keypair.Name == "go-pair" {
			row = found.Keypair
		}
	}
	if row == nil || row.Scope.Value() != "domain" || *row.FrozenState != "0" || !*row.IsKeyProtection {
		t.Fatal(row)
	}
	shown, err := c.ListKeypairDetail(&model.ListKeypairDetailRequest{KeypairName: "go-pair"})
	if err != nil || *shown.Keypair.FrozenState != 0 || *shown.Keypair.Fingerprint != *made.Keypair.Fingerprint {
		t.Fatal(shown, err)
	}
	if privateKey(t, c, "go-pair") != *made.Keypair.PrivateKey {
		t.Fatal("another private key comes out")
	}
	bindAndUnbind(t, c, *made.Keypair.PrivateKey)
	if _, err := c.ClearPrivateKey(&model.ClearPrivateKeyRequest{KeypairName: "go-pair"}); err != nil {
		t.Fatal(err)
	}
	_, err = c.ExportPrivateKey(&model.ExportPrivateKeyRequest{Body: &model.ExportPrivateKeyRequestBody{
		Keypair: &model.KeypairBean{Name: "go-pair"},
	}})
	if !gone(err, 400, "KPS.6005") {
		t.Fatal(err)
	}
	if _, err := c.DeleteKeypair(&model.DeleteKeypairRequest{KeypairName: "go-pair"}); err != nil {
		t.Fatal(err)
	}
	_, err = c.ListKeypairDetail(&model.ListKeypairDetailRequest{KeypairName: "go-pair"})
	if !gone(err, 404, "KPS.4016") {
		t.Fatal(err)
	}
}

func bindAndUnbind(t *testing.T, c *kps.KpsClient, key string) {
	t.Helper()
	port, err := strconv.ParseInt(os.Getenv("MUSTER_SSH_PORT"), 10, 64)
	if err != nil {
		t.Log("not bound: no SSH server can run here: " + os.Getenv("MUSTER_SSH_WHY"))
		return
	}
	assets := client(t, known(t).ProjectID)
	swept(t, assets)
	hosts, err := assets.ListHostStatus(&hss.ListHostStatusRequest{})
	if err != nil {
		t.Fatal(err)
	}
	host := *(*hosts.DataList)[0].HostId
	kind := model.GetAuthTypeEnum().PASSWORD
	ordered, err := c.AssociateKeypair(&model.AssociateKeypairRequest{Body: &model.AssociateKeypairRequestBody{
		KeypairName: "go-pair",
		Server: &model.EcsServerInfo{
			Id: host, Port: &port, Auth: &model.Auth{Type: &kind, Key: to(os.Getenv("MUSTER_SSH_PASSWORD"))},
		},
	}})
	if err != nil || ordered.Status.Value() != "SUCCESS" || *ordered.ServerId != host {
		t.Fatal(ordered, err)
	}
	if status := ended(t, c, *ordered.TaskId); status != "SUCCESS_RESET" || !logsIn(t, key) {
		t.Fatal(status)
	}
	running, err := c.ListRunningTask(&model.ListRunningTaskRequest{})
	if err != nil || *running.Total != 0 || len(*running.Tasks) != 0 {
		t.Fatal(running, err)
	}
	// The kept private key of the pair itself lets in.
	away, err := c.DisassociateKeypair(&model.DisassociateKeypairRequest{Body: &model.DisassociateKeypairRequestBody{
		Server: &model.DisassociateEcsServerInfo{Id: host},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if status := ended(t, c, *away.TaskId); status != "SUCCESS_UNBIND" || logsIn(t, key) {
		t.Fatal(status)
	}
}
