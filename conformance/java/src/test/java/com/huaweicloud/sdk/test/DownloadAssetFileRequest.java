package com.huaweicloud.sdk.test;

/** See {@link HssClient}. */
public final class DownloadAssetFileRequest {
    String assetType;
    String category;
    DownloadAssetFileRequestBody body;

    public DownloadAssetFileRequest withAssetType(String assetType) {
        this.assetType = assetType;
        return this;
    }

    public DownloadAssetFileRequest withCategory(String category) {
        this.category = category;
        return this;
    }

    public DownloadAssetFileRequest withBody(DownloadAssetFileRequestBody body) {
        this.body = body;
        return this;
    }
}
