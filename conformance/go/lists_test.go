package conformance

import (
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/hss/v5/model"
)

// Go's decoder coerces nothing: a field of the wrong type or an overflowing int32 fails the call.
func TestEveryStatisticsAndListCallDecodes(t *testing.T) {
	c := client(t, known(t).ProjectID)
	swept(t, c)
	limit := to(int32(200))

	users, err := c.ListUsers(&model.ListUsersRequest{Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	if len(*users.DataList) == 0 || *users.TotalNum == 0 {
		t.Fatal("no accounts")
	}
	if _, err = c.ListUserStatistics(&model.ListUserStatisticsRequest{Category: "host", Limit: limit}); err != nil {
		t.Fatal(err)
	}

	autos, err := c.ListAutoLaunchs(&model.ListAutoLaunchsRequest{Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	if len(*autos.DataList) == 0 || (*autos.DataList)[0].Type == nil {
		t.Fatal("no auto-started items, or without their type")
	}
	if _, err = c.ListAutoLaunchStatistics(&model.ListAutoLaunchStatisticsRequest{Category: "host", Limit: limit}); err != nil {
		t.Fatal(err)
	}

	ports, err := c.ListPortStatistics(&model.ListPortStatisticsRequest{Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range *ports.DataList {
		if _, err = c.ListPortHost(&model.ListPortHostRequest{Category: "host", Port: *port.Port}); err != nil {
			t.Fatal(err)
		}
	}

	processes, err := c.ListProcessStatistics(&model.ListProcessStatisticsRequest{Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	if len(*processes.DataList) == 0 {
		t.Fatal("no processes")
	}
	if _, err = c.ListProcessesHost(&model.ListProcessesHostRequest{Path: (*processes.DataList)[0].Path, Limit: limit}); err != nil {
		t.Fatal(err)
	}

	apps, err := c.ListApps(&model.ListAppsRequest{Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	if len(*apps.DataList) == 0 {
		t.Fatal("no software")
	}
	if _, err = c.ListAppStatistics(&model.ListAppStatisticsRequest{Category: "host", Limit: limit}); err != nil {
		t.Fatal(err)
	}

	if _, err = c.ListJarPackageStatistics(&model.ListJarPackageStatisticsRequest{Category: "host", Limit: limit}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.ListJarPackageHostInfo(&model.ListJarPackageHostInfoRequest{FileName: "x.jar"}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.ListWebFrameworkStatistics(&model.ListWebFrameworkStatisticsRequest{Category: "host", Limit: limit}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.ListWebFrameworkHostInfo(&model.ListWebFrameworkHostInfoRequest{Category: "host"}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.ListWebSiteStatistics(&model.ListWebSiteStatisticsRequest{Category: "host", Limit: limit}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.ListWebSiteHostInfo(&model.ListWebSiteHostInfoRequest{Category: "host", Domain: "example.test"}); err != nil {
		t.Fatal(err)
	}
	for _, catalogue := range []string{"database", "web_cms", "web_service"} {
		if _, err = c.ListWebAppAndServiceStatistics(&model.ListWebAppAndServiceStatisticsRequest{Category: "host", Catalogue: catalogue}); err != nil {
			t.Fatal(err)
		}
		if _, err = c.ListWebAppAndServices(&model.ListWebAppAndServicesRequest{Category: "host", Catalogue: catalogue, Limit: limit}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = c.ListKernelModuleStatistics(&model.ListKernelModuleStatisticsRequest{Limit: limit}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.ListKernelModuleHostInfo(&model.ListKernelModuleHostInfoRequest{Name: "ext4"}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.ListHostStatus(&model.ListHostStatusRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.ListContainerNodes(&model.ListContainerNodesRequest{}); err != nil {
		t.Fatal(err)
	}
}

func TestDiscoveryByRegionFindsTheProject(t *testing.T) {
	swept(t, client(t, ""))
}
