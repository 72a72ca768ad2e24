import type { Answer } from "./answers";
import { funnelPicture } from "./funnelPicture";
import { lifecyclePicture } from "./lifecyclePicture";
import { pathsPicture } from "./pathsPicture";
import type { Picture } from "./picture";
import type { Question } from "./queries";
import { retentionPicture } from "./retentionPicture";
import { sqlPicture } from "./sqlPicture";
import { stickinessPicture } from "./stickinessPicture";
import { trendsPicture } from "./trendsPicture";

/** An answer as it is to be drawn. Throws ApiError when the answer is not one to the question. */
export function pictureOf(question: Question, answer: Answer, now = Date.now()): Picture {
  switch (question.kind) {
    case "TrendsQuery":
      return trendsPicture(question, answer, now);
    case "FunnelsQuery":
      return funnelPicture(question, answer, now);
    case "RetentionQuery":
      return retentionPicture(question, answer, now);
    case "LifecycleQuery":
      return lifecyclePicture(question, answer, now);
    case "StickinessQuery":
      return stickinessPicture(question, answer);
    case "PathsQuery":
      return pathsPicture(answer);
    case "HogQLQuery":
      return sqlPicture(answer);
  }
}
